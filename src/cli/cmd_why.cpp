// why: what is wrong with pods, and what to do about it.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/pod_actions.hpp"
#include "cli/why_text.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

Result<std::vector<json::value>> chosen_pods(Invocation& in) {
  std::vector<json::value> pods;
  for (const std::string& word : in.args.operands) {
    const std::string name = TRY(parse_pod(word));
    pods.push_back(TRY(in.fetch(pods_path(in.ns(), name))));
  }
  if (!in.args.operands.empty()) return pods;
  Target target(pods_path(in.all_namespaces() ? "" : in.ns()));
  const auto list = TRY(in.fetch(target.add_if("labelSelector", in.args.get("selector")).str()));
  for (const auto& item : View(list)["items"].items()) pods.push_back(item);
  return pods;
}

}  // namespace

int run_why(Invocation& in) {
  const bool named = !in.args.operands.empty();
  if (named && (in.args.has("selector") || in.all_namespaces()))
    return in.usage("name cannot be provided when a selector or --all-namespaces is");
  auto pods = chosen_pods(in);
  if (!pods)
    return pods.error().code == Code::kInvalidArgument ? in.usage(pods.error().message())
                                                       : in.failed(pods.error());
  if (pods->empty()) {
    in.err("No resources found" +
           (in.all_namespaces() ? std::string() : " in " + in.ns() + " namespace.") + "\n");
    return kDone;
  }
  json::array reports;
  bool first = true;
  for (const json::value& pod : *pods) {
    auto diagnosis = diagnose_pod(in, pod);
    if (!diagnosis) return in.failed(diagnosis.error());
    if (!in.args.get("output").empty()) {
      reports.push_back(why_json(pod, *diagnosis));
      continue;
    }
    if (!first) in.out("\n");
    first = false;
    in.out(why_text(std::string(View(pod)["metadata"]["name"].str()), *diagnosis, in.style().width));
  }
  if (in.args.get("output").empty()) return kDone;
  const json::value data =
      named && reports.size() == 1 ? reports[0] : json::value(json::object{{"items", reports}});
  in.out(in.args.get("output") == "yaml" ? api::to_yaml(data) : api::to_pretty_json(data));
  return kDone;
}

}  // namespace podctl::cli
