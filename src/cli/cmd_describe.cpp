// describe: kubectl's text for each pod, then the sandbox report.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/pod_actions.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/sandbox_text.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

// The object's own events, oldest first.
Result<boost::json::value> events_of(Invocation& in, View pod) {
  View meta = pod["metadata"];
  Target target(find_resource("events").value()->path(meta["namespace"].str()));
  target.add("fieldSelector", "involvedObject.name=" + std::string(meta["name"].str()) +
                                  ",involvedObject.uid=" + std::string(meta["uid"].str()));
  auto list = TRY(in.fetch(target.str()));
  auto* items = list.as_object().if_contains("items");
  if (items == nullptr || !items->is_array()) return boost::json::value(boost::json::array());
  auto& events = items->get_array();
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& x, const auto& y) { return seen_before(x, y); });
  return std::move(*items);
}

int describe_one(Invocation& in, const boost::json::value& pod) {
  boost::json::value events;
  const bool with_events = in.args.get("show-events", "true") == "true";
  if (with_events) {
    auto fetched = events_of(in, pod);
    if (!fetched) return in.failed(fetched.error());
    events = std::move(*fetched);
  }
  std::string text = describe_pod(pod, with_events ? View(events) : View(), now_ns());
  View meta = View(pod)["metadata"];
  auto report = in.fetch(podctl_path("/namespaces/" + url_escape(meta["namespace"].str()) +
                                     "/pods/" + url_escape(meta["name"].str()) + "/sandbox"));
  if (report) {
    text += "\n" + describe_sandbox(*report, in.style());
  } else if (report.error().code != Code::kNotFound) {
    in.out(text);
    return in.failed(report.error());
  }
  in.out(text);
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
    if (ref.resource != &pods()) return in.usage("only pods can be described");
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
      status = std::max(status, describe_one(in, object));
    }
  }
  return status;
}

}  // namespace podctl::cli
