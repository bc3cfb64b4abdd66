// attach: between this terminal and a container's own process.
#include <unistd.h>

#include <boost/json/array.hpp>

#include "cli/attach.hpp"
#include "cli/channel_stream.hpp"
#include "cli/container_choice.hpp"
#include "cli/detach_keys.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"

namespace podctl::cli {
namespace {

View container_in(View pod, std::string_view name) {
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const auto& container : pod["spec"][list].items()) {
      if (View(container)["name"].str() == name) return View(container);
    }
  }
  return {};
}

bool container_runs(View pod, std::string_view name) {
  for (const char* list :
       {"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"}) {
    for (const auto& status : pod["status"][list].items()) {
      if (View(status)["name"].str() == name && View(status)["state"]["running"]) return true;
    }
  }
  return false;
}

// What the container can give of it; the rest is told, as kubectl does.
AttachWish possible(Invocation& in, View container, AttachWish wish) {
  const std::string name(container["name"].str());
  if (wish.in && !container["stdin"].flag()) {
    in.err("error: Unable to use stdin - container " + name +
           " has none (stdin: true gives it one)\n");
    wish.in = false;
  }
  if (wish.tty && !container["tty"].flag()) {
    in.err("error: Unable to use a TTY - container " + name + " did not allocate one\n");
    wish.tty = false;
  }
  if (wish.tty && (!wish.in || ::isatty(STDIN_FILENO) == 0)) {
    if (wish.in)
      in.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    wish.tty = false;
  }
  return wish;
}

}  // namespace

int attach_to(Invocation& in, const boost::json::value& pod, const std::string& name,
              AttachWish wish, bool quiet) {
  View container = container_in(pod, name), meta = View(pod)["metadata"];
  wish = possible(in, container, wish);
  Target target(pods_path(meta["namespace"].str(), std::string(meta["name"].str())) + "/attach");
  target.add("container", name).add("stdout", "true");
  if (wish.in) target.add("stdin", "true");
  if (wish.from_start) target.add("fromStart", "true");
  target.add(container["tty"].flag() ? "tty" : "stderr", "true");
  Reply refused;
  auto socket = open_channels(in, target.str(), refused);
  if (!socket) return refused.status != 0 ? in.refused(refused) : in.failed(socket.error());
  if (wish.tty && !quiet) {
    in.err(
        "All commands and output from this session will be recorded in container logs, including "
        "credentials and sensitive information passed through the command prompt.\n"
        "If you don't see a command prompt, try pressing enter.\n");
  }
  const ChannelEnds ends{
      .in = wish.in ? STDIN_FILENO : -1,
      .tty = wish.tty,
      .detach = wish.detach,
      .out = [&in](std::string_view data) { return in.out(data), Result<void>(); },
      .err = [&in](std::string_view data) { return in.err(data), Result<void>(); }};
  const auto end = serve_channels(std::move(*socket), ends);
  if (!end) return in.failed(end.error());
  if (end->interrupted != 0) return 128 + end->interrupted;
  if (end->detached) return kDone;
  return end->success ? kDone : in.failed(end->message);
}

int run_attach(Invocation& in) {
  const auto pod = parse_pod(in.args.operands[0]);
  if (!pod) return in.usage(pod.error().message());
  auto keys = parse_detach_keys(in.args.get("detach-keys", kDetachKeys));
  if (!keys) return in.usage(keys.error().message());
  const auto until = running_deadline(in);
  if (!until) return in.usage(until.error().message());
  const auto container_is_up = [named = in.args.get("container")](View seen) {
    return container_runs(seen, named);  // of a pod that is still Pending: an init container
  };
  const auto object = running_pod(in, *pod, container_is_up, *until);
  if (!object) return in.failed(object.error());
  View pod_view(*object);
  const std::string phase(pod_view["status"]["phase"].str());
  if (phase == "Succeeded" || phase == "Failed") {
    return in.failed("cannot attach a container in a completed pod; current phase is " + phase);
  }
  const auto choice = choose_container(*object, in.args.get("container"), false);
  if (!choice) return in.failed(choice.error());
  const bool quiet = in.args.flag("quiet");
  if (!choice->remark.empty() && !quiet) in.err(choice->remark + "\n");
  return attach_to(in, *object, choice->names[0],
                   {in.args.flag("stdin"), in.args.flag("tty"), std::move(*keys), false}, quiet);
}

}  // namespace podctl::cli
