// exec: between this terminal and a command in a container.
#include <unistd.h>

#include "cli/channel_stream.hpp"
#include "cli/container_choice.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"

namespace podctl::cli {
namespace {

Result<std::string> target_of(Invocation& in, bool with_stdin, bool tty) {
  const std::string pod = TRY(parse_pod(in.args.operands[0]));
  std::string container(in.args.get("container"));
  if (container.empty()) {
    const auto choice = TRY(choose_container(TRY(in.fetch(pods_path(in.ns(), pod))), {}, false));
    if (!choice.remark.empty() && !in.args.flag("quiet")) in.err(choice.remark + "\n");
    container = choice.names[0];
  }
  Target target(pods_path(in.ns(), pod) + "/exec");
  target.add("container", container);
  for (const std::string& word : in.args.after_dashes) target.add("command", word);
  if (with_stdin) target.add("stdin", "true");
  target.add("stdout", "true");
  // A terminal has one output.
  if (tty) {
    target.add("tty", "true");
  } else {
    target.add("stderr", "true");
  }
  return target.str();
}

}  // namespace

int run_exec(Invocation& in) {
  if (in.args.after_dashes.empty())
    return in.usage("you must specify at least one command, after --");
  const bool with_stdin = in.args.flag("stdin");
  bool tty = in.args.flag("tty");
  if (tty && (!with_stdin || ::isatty(STDIN_FILENO) == 0)) {
    if (with_stdin)
      in.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    tty = tty && !with_stdin ? tty : false;
  }
  auto target = target_of(in, with_stdin, tty);
  if (!target) return in.failed(target.error());
  Reply refused;
  auto socket = open_channels(in, *target, refused);
  if (!socket) return refused.status != 0 ? in.refused(refused) : in.failed(socket.error());
  ChannelEnds ends{.in = with_stdin ? STDIN_FILENO : -1,
                   .tty = tty && with_stdin && ::isatty(STDIN_FILENO) == 1,
                   .out = [&in](std::string_view data) { return in.out(data), Result<void>(); },
                   .err = [&in](std::string_view data) { return in.err(data), Result<void>(); }};
  auto end = serve_channels(std::move(*socket), ends);
  if (!end) return in.failed(end.error());
  if (end->interrupted != 0) return 128 + end->interrupted;
  if (end->success) return kDone;
  if (!end->exit_code) return in.failed(end->message);
  if (!in.args.flag("quiet"))
    in.err("command terminated with exit code " + std::to_string(*end->exit_code) + "\n");
  return *end->exit_code;
}

}  // namespace podctl::cli
