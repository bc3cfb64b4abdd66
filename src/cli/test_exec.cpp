#include "cli/test_exec.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/cli/view.hpp"
#include "podctl/cli/websocket.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kMaxOutput = 64U << 10;

// What a message of a channel adds: 1 and 2 are output, 3 is the final Status.
void take(std::string_view message, ExecResult& result, std::string& status) {
  if (message.empty()) return;
  const auto data = message.substr(1);
  if (message[0] == 3) status += data;
  if (message[0] != 1 && message[0] != 2) return;
  result.output += data.substr(0, kMaxOutput - std::min(kMaxOutput, result.output.size()));
}

Result<std::int32_t> exit_code_of(const std::string& text) {
  if (text.empty()) return fail(Code::kUnavailable, "exec", {}, "the stream ended before it did");
  const auto parsed = TRY(parse_json_value(text));
  const View status(parsed);
  if (status["status"].str() == "Success") return 0;
  for (const auto& item : status["details"]["causes"].items()) {
    if (View(item)["reason"].str() != "ExitCode") continue;
    if (const auto code = text::parse_u64(View(item)["message"].str())) {
      return static_cast<std::int32_t>(*code);
    }
  }
  return fail(Code::kFailedPrecondition, std::string(status["message"].str("the command failed")),
              {});
}

}  // namespace

Result<ExecResult> exec_in(Invocation& in, const std::string& pod_path,
                           const std::string& container, const std::vector<std::string>& command,
                           std::int64_t deadline_ns, int wake) {
  Target target(pod_path + "/exec");
  target.add("container", container);
  for (const auto& word : command) target.add("command", word);
  target.add("stdout", "true").add("stderr", "true");
  Reply refused;
  auto socket = WebSocket::open(TRY(in.connect()), target.str(), "v5.channel.k8s.io", refused);
  if (!socket && refused.status != 0) {
    return fail(Code::kFailedPrecondition, refusal_text(refused), {});
  }
  if (!socket) return Failure(std::move(socket).error());
  ExecResult result;
  std::string status;
  for (bool open = true; open;) {
    while (auto message = TRY(socket->message())) take(*message, result, status);
    if (socket->closed()) break;
    TRY(socket->flush());
    const auto left = std::max<std::int64_t>(deadline_ns - monotonic_ns(), 0) / 1'000'000;
    std::array<pollfd, 2> fds{{{socket->fd(), POLLIN, 0}, {wake, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ready == 0) return fail(Code::kTimedOut, "exec", container);
    if (ready < 0 && errno != EINTR) return fail_errno(errno, "poll", container);
    if (fds[1].revents != 0) return fail(Code::kCancelled, "exec", container);
    if (fds[0].revents != 0) open = TRY(socket->receive());
  }
  while (auto message = TRY(socket->message())) take(*message, result, status);
  result.exit_code = TRY(exit_code_of(status));
  return result;
}

}  // namespace podctl::cli
