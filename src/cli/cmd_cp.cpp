// cp: files into and out of a container. The other end is podctl-cp in the container, which podctld
// brings there; nothing is asked of the image. What comes out is hostile (archive/tree.hpp).
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <thread>

#include "cli/channel_stream.hpp"
#include "cli/container_choice.hpp"
#include "cli/copy_landing.hpp"
#include "cli/copy_spec.hpp"
#include "podctl/archive/tree.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"

namespace podctl::cli {
namespace {

Result<Target> target_of(Invocation& in, const FileSpec& spec) {
  const std::string ns = spec.ns.empty() ? in.ns() : spec.ns;
  std::string container(in.args.get("container"));
  if (container.empty()) {
    const auto choice = TRY(choose_container(TRY(in.fetch(pods_path(ns, spec.pod))), {}, false));
    if (!choice.remark.empty()) in.err(choice.remark + "\n");
    container = choice.names[0];
  }
  Target target(
      podctl_path("/namespaces/" + url_escape(ns) + "/pods/" + url_escape(spec.pod) + "/copy"));
  target.add("container", container);
  return target;
}

// What the other end says, with nothing in it that a terminal obeys.
Result<void> say(Invocation& in, std::string_view text) {
  in.err(utf8::printable(text));
  return {};
}

void warn(Invocation& in, const std::string& text) {
  in.err(utf8::printable("warning: " + text) + "\n");
}

// The exit status of a copy whose stream has ended; podctl-cp has said what went wrong.
int status_of(Invocation& in, const Result<ChannelEnd>& end) {
  if (!end) return in.failed(end.error());
  if (end->interrupted != 0) return 128 + end->interrupted;
  if (end->success) return kDone;
  return end->exit_code ? kFailed : in.failed(end->message);
}

// ---- out of the container ----

// The exit status; an error when the stream broke off, and another one may come to its end.
Result<int> copy_once(Invocation& in, const std::string& target, Landing& landing) {
  Reply refused;
  auto socket = open_channels(in, target, refused);
  if (!socket && refused.status != 0) return in.refused(refused);
  if (!socket) return Failure(socket.error());
  std::optional<Error> here;  // what the files of this machine refuse stays refused
  const ChannelEnds ends{.out =
                             [&landing, &here](std::string_view data) {
                               auto taken = landing.take(data);
                               if (!taken) here = taken.error();
                               return taken;
                             },
                         .err = [&in](std::string_view data) { return say(in, data); }};
  const auto end = serve_channels(std::move(*socket), ends);
  if (here) return in.failed(*here);
  if (!end) return Failure(end.error());
  const int status = status_of(in, end);
  if (status == kDone && !landing.complete())
    return fail(Code::kUnavailable, "the stream ended before the files did", {});
  return status;
}

int copy_from(Invocation& in, const FileSpec& from, const std::string& to) {
  const auto retries = text::parse_i64(in.args.get("retries", "0"));
  if (!retries)
    return in.usage("invalid argument \"" + std::string(in.args.get("retries")) +
                    "\" for --retries");
  auto target = target_of(in, from);
  if (!target) return in.failed(target.error());
  target->add("from", from.path);
  Landing landing(from.path, to, {.mode = !in.args.flag("no-preserve")},
                  [&in](const std::string& text) { warn(in, text); });
  for (std::int64_t tried = 0;; ++tried) {
    const auto copied = copy_once(in, target->str(), landing);
    if (copied) return *copied;
    if (*retries >= 0 && tried >= *retries) return in.failed(copied.error());
    warn(in, copied.error().message() + "; the copy begins again");
    pause_briefly();
    landing.begin_again();
  }
}

// ---- into the container ----

// Packs on a thread of its own, into a pipe that the stream reads as its stdin.
class Packing {
 public:
  static Result<std::unique_ptr<Packing>> begin(const std::string& path) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
    std::unique_ptr<Packing> packing(new Packing);
    packing->read_ = UniqueFd(ends[0]);
    packing->thread_ = std::thread(
        [self = packing.get(), path, write = UniqueFd(ends[1])] { self->run(path, write.get()); });
    return packing;
  }
  // The stream has ended, however: nobody reads any more.
  Result<bool> finish() {
    read_.reset();
    thread_.join();
    return std::move(packed_);
  }
  int fd() const { return read_.get(); }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Packing() = default;

  void run(const std::string& path, int out) {
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    packed_ = archive::pack(
        path, [out](std::string_view data) { return write_all(out, data); },
        [this](const std::string& text) { warnings_.push_back(text); });
  }

  static Result<void> write_all(int fd, std::string_view data) {
    while (!data.empty()) {
      const auto n = ::write(fd, data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(errno, "write", "the stream");
      data.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  UniqueFd read_;
  std::thread thread_;
  Result<bool> packed_ = false;
  std::vector<std::string> warnings_;
};

int copy_to(Invocation& in, const std::string& from, const FileSpec& to) {
  std::error_code error;
  const auto path = std::filesystem::canonical(from, error);
  if (error) return in.failed(from + " doesn't exist in local filesystem");
  // "." and "dir/.." are called as what they are.
  const std::string named = base_name(from),
                    name = named.empty() ? path.filename().string() : named;
  if (name.empty()) return in.failed("copy " + from + ": it has no name to be copied as");
  auto target = target_of(in, to);
  if (!target) return in.failed(target.error());
  target->add("to", to.path).add("name", name);
  if (!in.args.flag("no-preserve")) target->add("preserve", "true");
  Reply refused;
  auto socket = open_channels(in, target->str(), refused);
  if (!socket) return refused.status != 0 ? in.refused(refused) : in.failed(socket.error());
  auto packing = Packing::begin(path.string());
  if (!packing) return in.failed(packing.error());
  const ChannelEnds ends{.in = (*packing)->fd(),
                         .out = [](std::string_view) { return Result<void>(); },
                         .err = [&in](std::string_view data) { return say(in, data); }};
  const auto end = serve_channels(std::move(*socket), ends);
  const auto packed = (*packing)->finish();
  for (const auto& text : (*packing)->warnings()) warn(in, text);
  const int status = status_of(in, end);
  if (status != kDone) return status;
  if (!packed) return in.failed(packed.error());
  return *packed ? kDone : kFailed;
}

}  // namespace

int run_cp(Invocation& in) {
  const auto from = parse_file_spec(in.args.operands[0]), to = parse_file_spec(in.args.operands[1]);
  for (const auto* spec : {&from, &to}) {
    if (!*spec) return in.usage(spec->error().message());
  }
  if (from->remote() && to->remote())
    return in.usage("one of src or dest must be a local file specification");
  if (from->remote()) return copy_from(in, *from, to->path);
  if (to->remote()) return copy_to(in, from->path, *to);
  return in.usage("one of src or dest must be a remote file specification");
}

}  // namespace podctl::cli
