// describe: kubectl's text for each object; of a pod also why it is not well, and the sandbox
// report.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/pod_actions.hpp"
#include "cli/pod_reports.hpp"
#include "cli/why_text.hpp"
#include "podctl/api/claim.hpp"
#include "podctl/api/node.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/sandbox_text.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

// The pods that name a claim.
Result<std::vector<std::string>> users_of(Invocation& in, View claim) {
  std::vector<std::string> names;
  const auto pods = TRY(in.fetch(pods_path(claim["metadata"]["namespace"].str())));
  for (const auto& item : View(pods)["items"].items()) {
    for (const auto& volume : View(item)["spec"]["volumes"].items()) {
      const View v(volume);
      std::string name{v["persistentVolumeClaim"]["claimName"].str()};
      if (v["ephemeral"]) {
        name = View(item)["metadata"]["name"].str();
        name.append("-").append(v["name"].str());
      }
      if (name != claim["metadata"]["name"].str()) continue;
      names.emplace_back(View(item)["metadata"]["name"].str());
    }
  }
  return names;
}

// kubectl's text of what is no pod.
int describe_other(Invocation& in, const Resource& resource, const boost::json::value& object) {
  if (&resource == &resource_of(api::kind_of<api::Secret>())) {
    in.out(describe_secret(object));
    return kDone;
  }
  boost::json::value events;
  const bool with_events = in.args.get("show-events", "true") == "true";
  if (with_events) {
    auto fetched = events_of(in, object);
    if (!fetched) return in.failed(fetched.error());
    events = std::move(*fetched);
  }
  const View shown = with_events ? View(events) : View();
  if (&resource == &resource_of(api::kind_of<api::PersistentVolumeClaim>())) {
    auto users = users_of(in, object);
    if (!users) return in.failed(users.error());
    in.out(describe_claim(object, *users, shown, now_ns()));
    return kDone;
  }
  if (&resource == &resource_of(api::kind_of<api::Node>())) {
    auto pods = in.fetch(pods_path(""));
    if (!pods) return in.failed(pods.error());
    in.out(describe_node(object, *pods, shown, now_ns()));
    return kDone;
  }
  in.out(describe_config_map(object, shown, now_ns()));
  return kDone;
}

int describe_one(Invocation& in, const boost::json::value& pod) {
  boost::json::value events;
  const bool with_events = in.args.get("show-events", "true") == "true";
  if (with_events) {
    auto fetched = events_of(in, pod);
    if (!fetched) return in.failed(fetched.error());
    events = std::move(*fetched);
  }
  in.out(describe_pod(pod, with_events ? View(events) : View(), now_ns()));
  auto report = sandbox_of(in, pod);
  const bool gone = !report && report.error().code == Code::kNotFound;
  if (!report && !gone) return in.failed(report.error());
  auto why = diagnose_pod(in, pod, events, gone ? boost::json::value() : *report);
  if (!why) return in.failed(why.error());
  if (const std::string verdict = describe_why(*why); !verdict.empty()) in.out("\n" + verdict);
  if (!gone) in.out("\n" + describe_sandbox(*report, in.style()));
  return kDone;
}

Result<std::vector<boost::json::value>> described(Invocation& in, const ObjectRef& ref) {
  std::vector<boost::json::value> objects;
  if (!ref.name.empty()) {
    auto object = in.fetch(ref.resource->path(in.ns(), ref.name));
    if (object) return std::vector{std::move(*object)};
    if (object.error().code != Code::kNotFound) return Failure(std::move(object).error());
    // kubectl: a name that is not there is taken as the beginning of names.
    auto list = TRY(in.fetch(ref.resource->path(in.ns())));
    for (const auto& item : View(list)["items"].items()) {
      if (View(item)["metadata"]["name"].str().starts_with(ref.name)) objects.push_back(item);
    }
    if (objects.empty()) return Failure(std::move(object).error());
    return objects;
  }
  Target target(ref.resource->path(in.all_namespaces() ? "" : in.ns()));
  target.add_if("labelSelector", in.args.get("selector"));
  auto list = TRY(in.fetch(target.str()));
  for (const auto& item : View(list)["items"].items()) objects.push_back(item);
  return objects;
}

}  // namespace

int run_describe(Invocation& in) {
  auto refs = parse_refs(in.args.operands);
  if (!refs) return in.usage(refs.error().message());
  if (auto fits = check_operands(in.args.operands, *refs, chosen_by(in)); !fits)
    return in.usage(fits.error().message());
  int status = kDone;
  bool first = true;
  for (const ObjectRef& ref : *refs) {
    const bool pod = ref.resource == &pods();
    if (!pod && !ref.resource->kept() && ref.resource != &resource_of(api::kind_of<api::Node>()))
      return in.usage(std::string(ref.resource->plural) + " cannot be described by podctl");
    auto objects = described(in, ref);
    if (!objects) {
      status = in.failed(objects.error());
      continue;
    }
    if (objects->empty()) {
      in.err("No resources found" +
             (in.all_namespaces() ? std::string() : " in " + in.ns() + " namespace.") + "\n");
    }
    for (const auto& object : *objects) {
      if (!first) in.out("\n\n");
      first = false;
      status = std::max(status,
                        pod ? describe_one(in, object) : describe_other(in, *ref.resource, object));
    }
  }
  return status;
}

}  // namespace podctl::cli
