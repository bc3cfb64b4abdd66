// top: what pods and the node use of CPU and memory, in kubectl's columns (kubectl
// pkg/metricsutil), and what they wait for.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "podctl/api/quantity.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

struct Use {
  std::string ns, pod, container, node;
  std::int64_t cpu_milli = 0, memory = 0;
  boost::json::value pressure;  // of the container, or of the pod or node as a whole

  void add(View usage) {
    if (auto cpu = api::Quantity::parse(usage["cpu"].str())) cpu_milli += cpu->milli_value();
    if (auto bytes = api::Quantity::parse(usage["memory"].str())) memory += bytes->value();
  }
  std::string cpu_text() const { return std::to_string(cpu_milli) + "m"; }
  std::string memory_text() const { return std::to_string(memory / kMebibyte) + "Mi"; }
};

// A row a pod, or a container.
std::vector<Use> uses(View items, bool containers) {
  std::vector<Use> out;
  for (const auto& item : items.items()) {
    View pod(item);
    const Use of_pod{std::string(pod["metadata"]["namespace"].str()),
                     std::string(pod["metadata"]["name"].str()),
                     {},
                     {},
                     0,
                     0,
                     {}};
    if (!containers) {
      out.push_back(of_pod);
      if (pod["pressure"]) out.back().pressure = *pod["pressure"].get();
    }
    for (const auto& part : pod["containers"].items()) {
      if (containers) {
        out.push_back(of_pod);
        out.back().container = View(part)["name"].str();
        if (View(part)["pressure"]) out.back().pressure = *View(part)["pressure"].get();
      }
      out.back().add(View(part)["usage"]);
    }
  }
  return out;
}

// By what was asked for, most first; else by name.
void sort(std::vector<Use>& all, std::string_view by) {
  std::stable_sort(all.begin(), all.end(), [by](const Use& a, const Use& b) {
    if (by == "cpu") return a.cpu_milli > b.cpu_milli;
    if (by == "memory") return a.memory > b.memory;
    return std::tie(a.ns, a.pod, a.node) < std::tie(b.ns, b.pod, b.node);
  });
}

constexpr const char* kThrottled = "THROTTLED";
constexpr std::array kPressureHeads{"CPU(waits)", "THROTTLED",  "MEMORY(waits)",
                                    "IO(waits)",  "IO(read/s)", "IO(written/s)"};

// "-" for what this machine does not tell, and for throttling where no limit throttles.
std::vector<std::string> pressure_cells(View pressure) {
  const auto percent = [&](std::string_view name) {
    const auto text = pressure[name].str();
    return text.empty() ? "-" : std::string(text) + "%";
  };
  const auto rate = [&](std::string_view name) {
    return pressure[name] ? human_bytes(static_cast<std::uint64_t>(pressure[name].num())) : "-";
  };
  const std::string throttled = pressure["periods"] ? pressure["throttledPeriods"].scalar() + "/" +
                                                          pressure["periods"].scalar()
                                                    : "-";
  return {percent("cpu"),        throttled,
          percent("memory"),     percent("io"),
          rate("readPerSecond"), rate("writtenPerSecond")};
}

Table table_of(const std::vector<Use>& all, bool namespaces, bool containers, bool pressure) {
  Table table;
  if (namespaces) table.head.emplace_back("NAMESPACE");
  if (containers) table.head.emplace_back("POD");
  for (const char* heading : {"NAME", "CPU(cores)", "MEMORY(bytes)"})
    table.head.emplace_back(heading);
  if (pressure) table.head.insert(table.head.end(), kPressureHeads.begin(), kPressureHeads.end());
  for (const Use& use : all) {
    std::vector<std::string> row;
    if (namespaces) row.push_back(use.ns);
    row.push_back(use.pod);
    if (containers) row.push_back(use.container);
    row.push_back(use.cpu_text());
    row.push_back(use.memory_text());
    if (pressure) {
      for (auto& cell : pressure_cells(View(use.pressure))) row.push_back(std::move(cell));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Under CPU and memory; shares of waiting have no sum.
void add_sum(Table& table, const std::vector<Use>& all, bool pressure) {
  Use sum;
  for (const Use& use : all) {
    sum.cpu_milli += use.cpu_milli;
    sum.memory += use.memory;
  }
  const std::size_t after = pressure ? kPressureHeads.size() : 0;
  std::vector<std::string> line(table.head.size() - 2 - after), total = line;
  line.insert(line.end(), {"________", "________"});
  total.insert(total.end(), {sum.cpu_text(), sum.memory_text()});
  line.resize(table.head.size());
  total.resize(table.head.size());
  table.rows.push_back(std::move(line));
  table.rows.push_back(std::move(total));
}

Result<boost::json::value> metrics(Invocation& in) {
  const std::string base = "/apis/metrics.k8s.io/v1beta1";
  if (!in.args.operands.empty()) {
    const std::string pod = TRY(parse_pod(in.args.operands[0]));
    auto one =
        TRY(in.fetch(base + "/namespaces/" + url_escape(in.ns()) + "/pods/" + url_escape(pod)));
    return boost::json::value(boost::json::object{{"items", boost::json::array{std::move(one)}}});
  }
  Target target(base +
                (in.all_namespaces() ? std::string() : "/namespaces/" + url_escape(in.ns())) +
                "/pods");
  return in.fetch(target.add_if("labelSelector", in.args.get("selector"))
                      .add_if("fieldSelector", in.args.get("field-selector"))
                      .str());
}

Result<boost::json::value> node_metrics(Invocation& in) {
  const std::string base = "/apis/metrics.k8s.io/v1beta1/nodes";
  if (in.args.operands.empty())
    return in.fetch(Target(base).add_if("labelSelector", in.args.get("selector")).str());
  auto one = TRY(in.fetch(base + "/" + url_escape(in.args.operands[0])));
  return boost::json::value(boost::json::object{{"items", boost::json::array{std::move(one)}}});
}

// "12%" of what the node has of it; as kubectl, without decimals.
std::string share(std::int64_t used, View whole, std::string_view name) {
  const auto quantity = api::Quantity::parse(whole[name].scalar());
  const std::int64_t all = !quantity       ? 0
                           : name == "cpu" ? quantity->milli_value()
                                           : quantity->value();
  if (all <= 0) return "<unknown>";
  return std::to_string(static_cast<std::int64_t>(static_cast<double>(used) * 100 /
                                                  static_cast<double>(all))) +
         "%";
}

std::vector<Use> uses_of_nodes(View metrics, std::string_view by) {
  std::vector<Use> all;
  for (const auto& item : metrics.items()) {
    View node(item);
    Use& use = all.emplace_back();
    use.node = node["metadata"]["name"].str();
    use.add(node["usage"]);
    if (node["pressure"]) use.pressure = *node["pressure"].get();
  }
  sort(all, by);
  return all;
}

Table table_of_nodes(const Invocation& in, View metrics, View nodes) {
  Table table{{"NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"}, {}};
  const bool pressure = in.args.flag("pressure");
  if (pressure) {
    for (const char* heading : kPressureHeads) {
      if (heading != kThrottled) table.head.emplace_back(heading);
    }
  }
  for (const Use& use : uses_of_nodes(metrics, in.args.get("sort-by"))) {
    View whole;
    for (const auto& known : nodes.items()) {
      if (View(known)["metadata"]["name"].str() == use.node)
        whole = View(known)["status"][in.args.flag("show-capacity") ? "capacity" : "allocatable"];
    }
    std::vector<std::string> row{use.node, use.cpu_text(), share(use.cpu_milli, whole, "cpu"),
                                 use.memory_text(), share(use.memory, whole, "memory")};
    if (pressure) {
      auto cells = pressure_cells(View(use.pressure));
      cells.erase(cells.begin() + 1);  // nothing throttles the machine
      for (auto& cell : cells) row.push_back(std::move(cell));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

int run_top_pod(Invocation& in) {
  const bool named = !in.args.operands.empty();
  if (named && (in.args.has("selector") || in.args.has("field-selector") || in.all_namespaces()))
    return in.usage("only one of NAME, --selector or --all-namespaces can be provided");
  const auto list = metrics(in);
  if (!list) return in.failed(list.error());
  const bool containers = in.args.flag("containers");
  auto all = uses(View(*list)["items"], containers);
  if (all.empty()) {
    in.err("No resources found" +
           (in.all_namespaces() ? std::string() : " in " + in.ns() + " namespace.") + "\n");
    return kDone;
  }
  sort(all, in.args.get("sort-by"));
  const bool pressure = in.args.flag("pressure");
  Table table = table_of(all, in.all_namespaces(), containers, pressure);
  if (in.args.flag("sum")) add_sum(table, all, pressure);
  in.out(table.str(!in.args.flag("no-headers")));
  return kDone;
}

int run_top_node(Invocation& in) {
  const bool named = !in.args.operands.empty();
  if (named && in.args.has("selector"))
    return in.usage("only one of NAME or --selector can be provided");
  const auto list = node_metrics(in);
  if (!list) return in.failed(list.error());
  const auto nodes = in.fetch("/api/v1/nodes");
  if (!nodes) return in.failed(nodes.error());
  if (View(*list)["items"].items().empty()) {
    in.err("No resources found\n");
    return kDone;
  }
  in.out(table_of_nodes(in, View(*list)["items"], View(*nodes)["items"])
             .str(!in.args.flag("no-headers")));
  return kDone;
}

}  // namespace podctl::cli
