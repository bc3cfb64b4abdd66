// debug: one more container to look into a pod with, or a changed copy of the pod.
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/attach.hpp"
#include "cli/debug_pod.hpp"
#include "cli/manifest_files.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

Result<json::object> custom_of(Invocation& in) {
  if (!in.args.has("custom")) return json::object();
  const auto files = read_manifests({in.args.get("custom")}, false);
  if (!files) {
    return fail(
        Code::kInvalidArgument,
        "must pass a container spec json file for custom profile: " + files.error().message(), {});
  }
  return custom_profile(in.args.get("custom"), files->front().text);
}

Result<DebugWish> wish_of(Invocation& in, View pod) {
  auto custom = TRY(custom_of(in));
  DebugWish wish{.name = std::string(in.args.get("container")),
                 .image = std::string(in.args.get("image")),
                 .pull_policy = std::string(in.args.get("image-pull-policy")),
                 .target = std::string(in.args.get("target")),
                 .profile = std::string(in.args.get("profile", "general")),
                 .command = in.args.after_dashes,
                 .arguments_only = in.args.flag("arguments-only"),
                 .env = pairs_of(in.args.all("env")),
                 .custom = std::move(custom),
                 .in = in.args.flag("stdin"),
                 .tty = in.args.flag("tty"),
                 .copy = std::string(in.args.get("copy-to")),
                 .set_images = pairs_of(in.args.all("set-image")),
                 .share_processes = {},
                 .keep_labels = in.args.flag("keep-labels"),
                 .keep_annotations = in.args.flag("keep-annotations"),
                 .keep_liveness = in.args.flag("keep-liveness"),
                 .keep_readiness = in.args.flag("keep-readiness"),
                 .keep_startup = in.args.flag("keep-startup"),
                 .keep_init = in.args.get("keep-init-containers", "true") == "true",
                 .same_node = in.args.flag("same-node")};
  if (in.args.has("share-processes")) wish.share_processes = in.args.flag("share-processes");
  if (wish.name.empty() && (wish.copy.empty() || !wish.image.empty())) {
    wish.name = debugger_name(pod);
    if (!in.args.flag("quiet")) in.err("Defaulting debug container name to " + wish.name + ".\n");
  }
  return wish;
}

// What does not go together, in kubectl's words; empty when all does.
std::string contradiction(Invocation& in) {
  const bool copy = in.args.has("copy-to"), image = in.args.has("image");
  const bool command = !in.args.after_dashes.empty();
  if (in.args.has("attach") && in.args.flag("attach") && !image && !in.args.has("container"))
    return "you must specify --container or create a new container using --image in order to "
           "attach.";
  if (copy) {
    if (!image && !in.args.has("set-image") && !command)
      return "you must specify --image, --set-image or command arguments.";
    if (command && !in.args.has("container") && !image)
      return "you must specify an existing container or a new image when specifying args.";
    if (in.args.has("target"))
      return "--target is incompatible with --copy-to. Use --share-processes instead.";
  } else {
    for (const char* option : {"replace", "same-node", "set-image"}) {
      if (in.args.has(option))
        return "--" + std::string(option) + " may only be used with --copy-to.";
    }
    if (!image) return "you must specify --image when not using --copy-to.";
  }
  if (in.args.flag("tty") && !in.args.flag("stdin"))
    return "-i/--stdin is required for containers with -t/--tty=true";
  return {};
}

Result<json::value> send(Invocation& in, std::string_view method, const std::string& target,
                         const json::object& body, std::string_view type) {
  Request request;
  request.method = method;
  request.target = target;
  request.body = json::serialize(body);
  request.content_type = type;
  const Reply reply = TRY(in.call(request));
  in.warn(reply);
  if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
  return parse_json_value(reply.body);
}

View status_of(View pod, std::string_view container) {
  for (const char* list :
       {"ephemeralContainerStatuses", "containerStatuses", "initContainerStatuses"}) {
    for (const auto& status : pod["status"][list].items()) {
      if (View(status)["name"].str() == container) return View(status);
    }
  }
  return {};
}

// Why it will not run for now, if that is so.
std::string obstacle(View status) {
  View waiting = status["state"]["waiting"];
  const std::string_view reason = waiting["reason"].str();
  if (reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing") return {};
  return "container " + std::string(status["name"].str()) +
         " does not start: " + std::string(reason) + ": " + std::string(waiting["message"].str());
}

// Until it runs, has ended, or will not.
Result<json::value> started(Invocation& in, const std::string& ns, const std::string& pod,
                            const std::string& container) {
  json::value seen;
  TRY(wait_for(
      in, ns, pod, false,
      [&](View now) {
        View status = status_of(now, container);
        View state = status["state"];
        if (!state["running"] && !state["terminated"] && obstacle(status).empty()) return false;
        seen = *now.get();
        return true;
      },
      0));
  if (const auto text = obstacle(status_of(seen, container)); !text.empty())
    return fail(Code::kFailedPrecondition, text, {});
  return seen;
}

int join(Invocation& in, const std::string& ns, const std::string& pod, const DebugWish& wish) {
  if (in.args.get("attach", wish.in ? "true" : "false") != "true") return kDone;
  auto now = started(in, ns, pod, wish.name);
  if (!now) return in.failed(now.error());
  if (status_of(*now, wish.name)["state"]["running"])
    return attach_to(in, *now, wish.name, {wish.in, wish.tty, {}, true}, in.args.flag("quiet"));
  // It was quicker than we are: what it printed stands in its log.
  const auto log = in.get(Target(pods_path(ns, pod) + "/log").add("container", wish.name).str());
  if (!log) return in.failed(log.error());
  if (!log->ok()) return in.refused(*log);
  in.out(log->body);
  return kDone;
}

int debug_here(Invocation& in, const json::value& pod, const std::string& name,
               const DebugWish& wish) {
  auto container = ephemeral_container(wish);
  if (!container) return in.usage(container.error().message());
  if (!wish.target.empty() && !in.args.flag("quiet"))
    in.err("Targeting container \"" + wish.target + "\".\n");
  in.err(user_warning(View(pod)["spec"]["securityContext"], json::value(*container)));
  const json::object patch{
      {"spec", json::object{{"ephemeralContainers", json::array{std::move(*container)}}}}};
  auto stored = send(in, "PATCH", pods_path(in.ns(), name) + "/ephemeralcontainers", patch,
                     "application/strategic-merge-patch+json");
  if (!stored) return in.failed(stored.error());
  return join(in, in.ns(), name, wish);
}

int debug_in_copy(Invocation& in, const json::value& pod, const std::string& name,
                  const DebugWish& wish) {
  auto copy = debug_copy(pod, wish);
  if (!copy) return in.usage(copy.error().message());
  const View spec = View(copy->at("spec"));
  for (const auto& container : spec["containers"].items()) {
    if (View(container)["name"].str() == wish.name)
      in.err(user_warning(spec["securityContext"], View(container)));
  }
  auto made = send(in, "POST", pods_path(in.ns()), *copy, "application/json");
  if (!made) return in.failed(made.error());
  if (in.args.flag("replace")) {
    auto going = request_delete(in, in.ns(), name, 0);
    if (!going) return in.failed(going.error());
  }
  return wish.name.empty() ? kDone : join(in, in.ns(), wish.copy, wish);
}

}  // namespace

int run_debug(Invocation& in) {
  const auto name = parse_pod(in.args.operands[0]);
  if (!name) return in.usage(name.error().message());
  if (const auto text = contradiction(in); !text.empty()) return in.usage(text);
  if (in.args.get("profile") == "legacy") {
    in.err(
        "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to "
        "specify other profile, for example \"--profile=general\".\n");
  }
  const auto pod = in.fetch(pods_path(in.ns(), *name));
  if (!pod) return in.failed(pod.error());
  const auto wish = wish_of(in, *pod);
  if (!wish) return in.usage(wish.error().message());
  return wish->copy.empty() ? debug_here(in, *pod, *name, *wish)
                            : debug_in_copy(in, *pod, *name, *wish);
}

}  // namespace podctl::cli
