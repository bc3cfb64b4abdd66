// The node as kubectl describes it (kubernetes/kubectl pkg/describe/describe.go, describeNode). No
// lease: nobody waits for one machine's heartbeat.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/describe_parts.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

using api::Quantity;
using api::ResourceMap;

constexpr std::array kAlways{"cpu", "memory", "ephemeral-storage"};

std::string roles(View labels) {
  constexpr std::string_view kLead = "node-role.kubernetes.io/";
  std::string out;
  for (const auto& [key, value] : labels.fields()) {
    const std::string_view name(key);
    if (name.starts_with(kLead))
      out += (out.empty() ? "" : ",") + std::string(name.substr(kLead.size()));
  }
  return out.empty() ? "<none>" : out;
}

void conditions(DescribeText& out, View list) {
  out.title(0, "Conditions");
  out.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
  out.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
  for (const auto& item : list.items()) {
    View c(item);
    out.line(1, std::string(c["type"].str()) + "\t" + std::string(c["status"].str()) + "\t" +
                    rfc1123(c["lastHeartbeatTime"].str()) + "\t" +
                    rfc1123(c["lastTransitionTime"].str()) + "\t" + std::string(c["reason"].str()) +
                    "\t" + std::string(c["message"].str()));
  }
}

ResourceMap resources(View map) {
  ResourceMap out;
  for (const auto& [key, value] : map.fields()) {
    if (auto quantity = Quantity::parse(View(value).scalar()))
      out.emplace(std::string(key), *quantity);
  }
  return out;
}

void amounts(DescribeText& out, std::string_view title, const ResourceMap& map) {
  out.title(0, title);
  for (const auto& [name, quantity] : map) out.pair(1, name, quantity.str());
}

void system_info(DescribeText& out, View info) {
  out.title(0, "System Info");
  for (const auto& [key, field] : {std::pair{"Machine ID", "machineID"},
                                   {"System UUID", "systemUUID"},
                                   {"Boot ID", "bootID"},
                                   {"Kernel Version", "kernelVersion"},
                                   {"OS Image", "osImage"},
                                   {"Operating System", "operatingSystem"},
                                   {"Architecture", "architecture"},
                                   {"Container Runtime Version", "containerRuntimeVersion"},
                                   {"Kubelet Version", "kubeletVersion"}}) {
    out.pair(1, key, info[field].str());
  }
}

Quantity of(const ResourceMap& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? Quantity::of(0) : found->second;
}

// "100m (5%)"
std::string share(const ResourceMap& map, const std::string& name, const ResourceMap& whole) {
  const Quantity part = of(map, name), all = of(whole, name);
  const bool cpu = name == "cpu";
  const auto of_all = cpu ? all.milli_value() : all.value();
  const double percent = of_all == 0
                             ? 0
                             : static_cast<double>(cpu ? part.milli_value() : part.value()) * 100 /
                                   static_cast<double>(of_all);
  return part.str() + " (" + std::to_string(static_cast<std::int64_t>(percent)) + "%)";
}

void add(ResourceMap& sum, const ResourceMap& more) {
  for (const auto& [name, quantity] : more) sum[name].add(quantity);
}

// The table of pods, and then what they come to.
void pods(DescribeText& out, View list, const ResourceMap& allocatable, std::int64_t now) {
  ResourceMap requests, limits;
  DescribeText rows;
  std::size_t count = 0;
  for (const auto& item : list.items()) {
    View o(item);
    const auto phase = o["status"]["phase"].str();
    if (o["spec"]["nodeName"].str().empty() || phase == "Succeeded" || phase == "Failed") continue;
    api::Pod pod;
    static_cast<void>(api::decode_json(boost::json::serialize(item), pod));
    const auto asks = api::effective_requests(pod), most = api::effective_limits(pod);
    add(requests, asks);
    add(limits, most);
    ++count;
    rows.line(1, pod.metadata.namespace_ + "\t" + pod.metadata.name + "\t" +
                     share(asks, "cpu", allocatable) + "\t" + share(most, "cpu", allocatable) +
                     "\t" + share(asks, "memory", allocatable) + "\t" +
                     share(most, "memory", allocatable) + "\t" +
                     age(o["metadata"]["creationTimestamp"].str(), now));
  }
  out.line(0, "Non-terminated Pods:\t(" + std::to_string(count) + " in total)");
  out.line(1, "Namespace\tName\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
  out.line(1, "---------\t----\t------------\t----------\t---------------\t-------------\t---");
  out.append(rows);
  out.title(0, "Allocated resources");
  out.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
  out.line(1, "Resource\tRequests\tLimits");
  out.line(1, "--------\t--------\t------");
  std::vector<std::string> names(kAlways.begin(), kAlways.end());
  for (const auto& [name, quantity] : allocatable) {
    if (name != "pods" && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  for (const auto& name : names) {
    out.line(1, name + "\t" + share(requests, name, allocatable) + "\t" +
                    share(limits, name, allocatable));
  }
}

}  // namespace

std::string describe_node(View node, View pod_list, View events, std::int64_t now) {
  DescribeText out;
  View meta = node["metadata"], status = node["status"];
  out.pair(0, "Name", meta["name"].str());
  out.pair(0, "Roles", roles(meta["labels"]));
  describe_map(out, "Labels", meta["labels"], "=");
  describe_annotations(out, meta["annotations"]);
  out.pair(0, "CreationTimestamp", rfc1123(meta["creationTimestamp"].str()));
  out.pair(0, "Taints", "<none>");
  out.pair(0, "Unschedulable", "false");
  conditions(out, status["conditions"]);
  out.title(0, "Addresses");
  for (const auto& item : status["addresses"].items())
    out.pair(1, View(item)["type"].str(), View(item)["address"].str());
  const auto allocatable = resources(status["allocatable"]);
  amounts(out, "Capacity", resources(status["capacity"]));
  amounts(out, "Allocatable", allocatable);
  system_info(out, status["nodeInfo"]);
  pods(out, pod_list["items"], allocatable, now);
  if (events.get() != nullptr) describe_events(out, events, now);
  return out.str(true);
}

}  // namespace podctl::cli
