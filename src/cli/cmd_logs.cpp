// logs: one stream a container. A followed stream asks for timestamps, so that it can go on without
// a gap or a line twice when podctld went away and came back.
#include <poll.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <memory>

#include "cli/container_choice.hpp"
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
  std::string query_tail, query_since, query_since_time, query_limit;
  bool previous = false;
};

struct Source {
  std::string ns, pod, container;
};

class LogStream {
 public:
  LogStream(Source source, const Options& options)
      : source_(std::move(source)), options_(options) {}

  // Asks for the log; kFailedPrecondition with the server's words when refused.
  Result<void> open(Invocation& in) {
    client_.emplace(TRY(in.connect()));
    Request request;
    request.target = target();
    Reply reply = TRY(client_->open(request));
    if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
    return {};
  }

  // Prints what has come; false at the end of the log.
  Result<bool> pump(Invocation& in) {
    do {
      auto piece = client_->next();
      if (!piece) {
        if (!options_.follow) return Failure(std::move(piece).error());
        lost_ = true;
        return true;
      }
      if (!*piece) {
        if (!rest_.empty()) print(in, std::exchange(rest_, {}));
        return false;
      }
      if (raw()) {
        in.out(**piece);
      } else {
        rest_ += **piece;
        print_lines(in);
      }
    } while (client_->buffered());
    return true;
  }

  Result<void> resume(Invocation& in) {
    lost_ = false;
    rest_.clear();
    skip_ = seen_at_last_;
    resumed_ = !last_.empty();
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
  // Nothing to take apart: neither a prefix nor timestamps of ours to remove.
  bool raw() const { return !options_.prefix && !options_.follow; }
  bool own_timestamps() const { return options_.follow; }

  std::string target() const {
    Target t(pods_path(source_.ns, source_.pod) + "/log");
    t.add("container", source_.container);
    if (options_.follow) t.add("follow", "true");
    if (options_.previous) t.add("previous", "true");
    if (options_.timestamps || own_timestamps()) t.add("timestamps", "true");
    if (resumed_) {
      t.add("sinceTime", last_.substr(0, 19) + "Z");
    } else {
      t.add_if("tailLines", options_.query_tail).add_if("sinceSeconds", options_.query_since);
      t.add_if("sinceTime", options_.query_since_time);
    }
    t.add_if("limitBytes", options_.query_limit);
    return t.str();
  }

  void print_lines(Invocation& in) {
    std::size_t end = 0;
    std::string lines;
    std::size_t start = 0;
    while ((end = rest_.find('\n', start)) != std::string::npos) {
      lines += shown(std::string_view(rest_).substr(start, end + 1 - start));
      start = end + 1;
    }
    rest_.erase(0, start);
    if (!lines.empty()) in.out(lines);
  }

  void print(Invocation& in, const std::string& line) { in.out(shown(line)); }

  // One line as the user is to see it; empty for one that was shown before.
  std::string shown(std::string_view line) {
    if (own_timestamps()) {
      const std::size_t space = line.find(' ');
      const std::string_view time = line.substr(0, space);
      if (space != std::string_view::npos && time.size() >= 20) {
        if (resumed_ && (time < last_ || (time == last_ && skip_ > 0))) {
          if (time == last_) --skip_;
          return {};
        }
        seen_at_last_ = time == last_ ? seen_at_last_ + 1 : 1;
        last_ = time;
        if (!options_.timestamps) line.remove_prefix(space + 1);
      }
    }
    if (!options_.prefix) return std::string(line);
    return "[pod/" + source_.pod + "/" + source_.container + "] " + std::string(line);
  }

  Source source_;
  const Options& options_;
  std::optional<Client> client_;
  std::string rest_;
  std::string last_;  // timestamp of the last line shown
  std::size_t seen_at_last_ = 0, skip_ = 0;
  bool lost_ = false, resumed_ = false;
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
  o.query_limit = TRY(whole_number(in, "limit-bytes", false));
  if (in.args.has("since") && in.args.has("since-time")) {
    return fail(Code::kInvalidArgument, "at most one of --since and --since-time may be given", {});
  }
  if (auto since = in.args.get("since"); !since.empty()) {
    auto ns = parse_duration(since);
    if (!ns || *ns < 0)
      return fail(Code::kInvalidArgument,
                  "invalid value \"" + std::string(since) + "\" for --since", {});
    o.query_since = std::to_string(std::max<std::int64_t>(1, (*ns + 999'999'999) / 1'000'000'000));
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

// Prints from whichever stream has something, until all have ended.
int follow_all(Invocation& in, std::vector<std::unique_ptr<LogStream>> streams) {
  int status = kDone;
  while (!streams.empty()) {
    std::vector<pollfd> fds;
    for (const auto& s : streams) fds.push_back({s->fd(), POLLIN, 0});
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    for (std::size_t i = fds.size(); i-- > 0;) {
      if (fds[i].revents == 0) continue;
      auto more = streams[i]->pump(in);
      if (more && streams[i]->lost()) {
        auto again = streams[i]->resume(in);
        if (!again) more = Failure(std::move(again).error());
      }
      if (!more) status = in.failed(more.error());
      if (!more || !*more) streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return status;
}

}  // namespace

int run_logs(Invocation& in) {
  const bool selected = in.args.has("selector");
  if (in.args.operands.empty() && !selected)
    return in.usage("expected 'logs POD [CONTAINER]' or -l SELECTOR");
  if (!in.args.operands.empty() && selected)
    return in.usage("only a selector (-l) or a POD name is allowed");
  auto opts = options(in);
  if (!opts) return in.usage(opts.error().message());
  auto from = sources(in);
  if (!from) return in.failed(from.error());
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
    for (bool more = true; more;) {
      auto pumped = stream->pump(in);
      if (!pumped) status = in.failed(pumped.error());
      more = pumped && *pumped;
    }
  }
  return std::max(status, follow_all(in, std::move(streams)));
}

}  // namespace podctl::cli
