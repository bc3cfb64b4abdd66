// logs: one stream a container. A followed stream asks for timestamps, so that it can go on without
// a gap or a line twice when podctld went away and came back.
#include <poll.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <memory>

#include "cli/container_choice.hpp"
#include "cli/log_lines.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kMaxStreams = 20;

struct Options {
  bool follow = false, timestamps = false, prefix = false;
  std::string query_tail, query_since, query_since_time;
  std::optional<std::size_t> limit;  // bytes
  bool previous = false;
};

struct Source {
  std::string ns, pod, container;
};

LogForm form_of(const Source& source, const Options& options) {
  LogForm form;
  form.timed = options.follow;
  form.show_time = options.timestamps;
  if (options.prefix) form.prefix = "[pod/" + source.pod + "/" + source.container + "] ";
  if (options.follow) form.limit = options.limit;
  return form;
}

class LogStream {
 public:
  LogStream(Source source, const Options& options)
      : source_(std::move(source)), options_(options), lines_(form_of(source_, options)) {}

  // Asks for the log; kFailedPrecondition with the server's words when refused.
  Result<void> open(Invocation& in) {
    client_.emplace(TRY(in.connect()));
    Request request;
    request.target = target();
    Reply reply = TRY(client_->open(request));
    if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
    return {};
  }

  // Prints the log to its end.
  Result<void> print(Invocation& in) {
    while (auto piece = TRY(client_->next())) show(in, *piece);
    in.out(lines_.finish());
    return {};
  }

  // Prints what is there without waiting for more; false at the end of the log.
  Result<bool> pump(Invocation& in) {
    do {
      auto piece = client_->next(kAtOnce);
      if (!piece) {
        lost_ = piece.error().code != Code::kTimedOut;
        return true;
      }
      if (!*piece) {
        in.out(lines_.finish());
        return false;
      }
      show(in, **piece);
      if (lines_.full()) return false;
    } while (client_->buffered());
    return true;
  }

  Result<void> resume(Invocation& in) {
    lost_ = false;
    lines_.begin_anew();
    auto opened = open(in);
    for (int i = 0; !opened && opened.error().code == Code::kUnavailable && i < kReconnects; ++i) {
      pause_briefly();
      opened = open(in);
    }
    return opened;
  }

  bool lost() const { return lost_; }
  int fd() const { return client_->fd(); }

 private:
  static constexpr std::int64_t kAtOnce = 1;  // a deadline that is long over

  void show(Invocation& in, std::string_view piece) {
    const bool as_it_is = !options_.prefix && !options_.follow;
    const std::string lines = as_it_is ? std::string(piece) : lines_.feed(piece);
    if (!lines.empty()) in.out(lines);
  }

  std::string target() const {
    Target t(pods_path(source_.ns, source_.pod) + "/log");
    t.add("container", source_.container);
    if (options_.follow) t.add("follow", "true");
    if (options_.previous) t.add("previous", "true");
    if (options_.timestamps || options_.follow) t.add("timestamps", "true");
    if (const std::string& last = lines_.last_time(); !last.empty()) {
      t.add("sinceTime", last.substr(0, 19) + "Z");
    } else {
      t.add_if("tailLines", options_.query_tail).add_if("sinceSeconds", options_.query_since);
      t.add_if("sinceTime", options_.query_since_time);
    }
    // Of a followed log podctl counts itself: podctld would count the timestamps too.
    if (options_.limit && !options_.follow) t.add("limitBytes", std::to_string(*options_.limit));
    return t.str();
  }

  Source source_;
  const Options& options_;
  LogLines lines_;
  std::optional<Client> client_;
  bool lost_ = false;
};

Result<std::string> whole_number(Invocation& in, std::string_view name, bool negative_is_all) {
  const std::string_view text = in.args.get(name);
  if (text.empty()) return std::string();
  auto number = text::parse_i64(text);
  if (!number || (*number < 0 && !(negative_is_all && *number == -1))) {
    return fail(Code::kInvalidArgument,
                "invalid value \"" + std::string(text) + "\" for --" + std::string(name), {});
  }
  return *number < 0 ? std::string() : std::string(text);
}

Result<Options> options(Invocation& in) {
  Options o;
  o.follow = in.args.flag("follow");
  o.timestamps = in.args.flag("timestamps");
  o.prefix = in.args.flag("prefix");
  o.previous = in.args.flag("previous");
  o.query_tail = TRY(whole_number(in, "tail", true));
  if (in.args.has("selector") && !in.args.has("tail")) o.query_tail = "10";
  // 0 is no limit, as in kubectl.
  const auto limit = text::parse_u64(TRY(whole_number(in, "limit-bytes", false)));
  if (limit && *limit > 0) o.limit = *limit;
  if (in.args.has("since") && in.args.has("since-time")) {
    return fail(Code::kInvalidArgument, "at most one of --since and --since-time may be given", {});
  }
  if (auto since = in.args.get("since"); !since.empty()) {
    auto ns = parse_duration(since);
    if (!ns || *ns < 0)
      return fail(Code::kInvalidArgument,
                  "invalid value \"" + std::string(since) + "\" for --since", {});
    // In whole seconds, rounded up; 0 is all of the log.
    if (*ns > 0) o.query_since = std::to_string((*ns + 999'999'999) / 1'000'000'000);
  }
  if (auto time = in.args.get("since-time"); !time.empty()) {
    if (!parse_time(time))
      return fail(Code::kInvalidArgument,
                  "invalid value \"" + std::string(time) + "\" for --since-time", {});
    o.query_since_time = time;
  }
  return o;
}

Result<std::vector<Source>> sources_of(Invocation& in, View pod) {
  std::string_view name = in.args.get("container");
  if (name.empty() && in.args.operands.size() > 1) name = in.args.operands[1];
  const auto choice = TRY(choose_container(pod, name, in.args.flag("all-containers")));
  if (!choice.remark.empty()) in.err(choice.remark + "\n");
  std::vector<Source> sources;
  for (const std::string& container : choice.names) {
    sources.push_back({std::string(pod["metadata"]["namespace"].str()),
                       std::string(pod["metadata"]["name"].str()), container});
  }
  return sources;
}

Result<std::vector<Source>> sources(Invocation& in) {
  if (auto selector = in.args.get("selector"); !selector.empty()) {
    const auto list =
        TRY(in.fetch(Target(pods_path(in.ns())).add("labelSelector", selector).str()));
    std::vector<Source> all;
    for (const auto& pod : View(list)["items"].items()) {
      for (Source& s : TRY(sources_of(in, pod))) all.push_back(std::move(s));
    }
    return all;
  }
  const std::string name = TRY(parse_pod(in.args.operands[0]));
  return sources_of(in, TRY(in.fetch(pods_path(in.ns(), name))));
}

// What one of several streams has; false when it is over, in `status` whether well.
bool serve(Invocation& in, LogStream& stream, int& status) {
  auto more = stream.pump(in);
  while (more && stream.lost()) {
    auto again = stream.resume(in);
    more = again ? stream.pump(in) : Result<bool>(Failure(std::move(again).error()));
  }
  if (!more) status = in.failed(more.error());
  return more && *more;
}

// Prints from whichever stream has something, until all have ended. Something may have come with
// the head of the answer, so each is served before anything is waited for.
int follow_all(Invocation& in, std::vector<std::unique_ptr<LogStream>> streams) {
  int status = kDone;
  for (;;) {
    std::erase_if(streams, [&](const auto& s) { return !serve(in, *s, status); });
    if (streams.empty()) return status;
    std::vector<pollfd> fds;
    for (const auto& s : streams) fds.push_back({s->fd(), POLLIN, 0});
    ::poll(fds.data(), fds.size(), -1);
  }
}

}  // namespace

int run_logs(Invocation& in) {
  const bool selected = in.args.has("selector");
  if (in.args.operands.empty() && !selected)
    return in.usage("expected 'logs POD [CONTAINER]' or -l SELECTOR");
  if (!in.args.operands.empty() && selected)
    return in.usage("only a selector (-l) or a POD name is allowed");
  const bool named = in.args.has("container"), second = in.args.operands.size() > 1;
  if (named && second) return in.usage("only one of -c or an inline [CONTAINER] arg is allowed");
  if (in.args.flag("all-containers") && (named || second))
    return in.usage("--all-containers=true should not be specified with container name " +
                    std::string(named ? in.args.get("container") : in.args.operands[1]));
  auto opts = options(in);
  if (!opts) return in.usage(opts.error().message());
  auto from = sources(in);
  if (!from) return in.failed(from.error());
  if (from->empty()) {
    in.err("No resources found in " + in.ns() + " namespace.\n");
    return kDone;
  }
  if (opts->follow && from->size() > kMaxStreams) {
    return in.failed("cannot follow " + std::to_string(from->size()) + " logs at once, at most " +
                     std::to_string(kMaxStreams));
  }
  std::vector<std::unique_ptr<LogStream>> streams;
  int status = kDone;
  for (Source& source : *from) {
    auto stream = std::make_unique<LogStream>(std::move(source), *opts);
    if (auto opened = stream->open(in); !opened) {
      status = in.failed(opened.error());
      if (from->size() == 1) return status;
      continue;
    }
    if (opts->follow) {
      streams.push_back(std::move(stream));
      continue;
    }
    if (auto printed = stream->print(in); !printed) status = in.failed(printed.error());
  }
  return std::max(status, follow_all(in, std::move(streams)));
}

}  // namespace podctl::cli
