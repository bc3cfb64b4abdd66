// metrics.k8s.io/v1beta1 for pods and the node: what `kubectl top` and `podctl top` ask for. The
// metrics server of a cluster keeps samples; here each question takes two, a moment apart.
// https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <map>

#include "handlers.hpp"
#include "podctl/base/pressure.hpp"
#include "podctl/base/text.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"
#include "selection.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kWindow{500};

// Of one pod, by container id; the pod's own by an empty one.
using Samples = std::map<std::string, CgroupStats>;

struct Sample {
  std::uint64_t wall_ns = 0;
  Samples containers;
};

// Asks the shims of all pods of a question at once, twice.
class Measurement : public std::enable_shared_from_this<Measurement> {
 public:
  Measurement(node::Node& node, std::vector<std::string> uids)
      : node_(node), uids_(std::move(uids)), timer_(node.context().io) {}

  std::function<void()> done;
  std::map<std::string, Sample> first, second;  // by the pod's uid

  void begin() {
    sample(first, [self = shared_from_this()] {
      if (self->first.empty()) return self->done();
      self->timer_.expires_after(kWindow);
      self->timer_.async_wait([self](boost::system::error_code) {
        self->sample(self->second, [self] { self->done(); });
      });
    });
  }

 private:
  void sample(std::map<std::string, Sample>& into, std::function<void()> then) {
    auto left = std::make_shared<std::size_t>(uids_.size() + 1);
    const auto one = [left, then = std::move(then)] {
      if (--*left == 0) then();
    };
    for (const auto& uid : uids_) {
      node_.engine().stats(
          uid, [self = shared_from_this(), uid, &into, one](Result<wire::SandboxStats> stats) {
            if (stats) {
              Sample& taken = into[uid];
              taken.wall_ns = stats->wall_ns;
              for (auto& group : stats->groups) taken.containers[group.id] = std::move(group.stats);
            }
            one();
          });
    }
    one();
  }

  node::Node& node_;
  std::vector<std::string> uids_;
  boost::asio::steady_timer timer_;
};

// Of a counter. What leaves takes its own along: then it is less.
std::uint64_t grown(std::uint64_t before, std::uint64_t now) {
  return now > before ? now - before : 0;
}

std::uint64_t per_second(std::uint64_t grown_by, std::uint64_t elapsed_ns) {
  return static_cast<std::uint64_t>(static_cast<double>(grown_by) * 1e9 /
                                    static_cast<double>(std::max<std::uint64_t>(elapsed_ns, 1)));
}

json::object usage(const CgroupStats& before, const CgroupStats& now, std::uint64_t elapsed_ns) {
  // Nanocores: nanoseconds of CPU a second.
  const auto cores = per_second(grown(before.cpu_usage_us, now.cpu_usage_us) * 1000, elapsed_ns);
  const auto working_set = grown(now.memory_inactive_file, now.memory_current);
  return {{"cpu", std::to_string(cores) + "n"},
          {"memory", std::to_string(working_set / 1024) + "Ki"}};
}

// podctl's own, beside Kubernetes' usage: throttling raises the CPU pressure, so they stand
// together (KEP-4205).
json::object pressure(const CgroupStats& before, const CgroupStats& now, std::uint64_t elapsed_ns) {
  json::object out;
  for (const auto& [name, file] : {std::pair{"cpu", &now.cpu_pressure},
                                   {"memory", &now.memory_pressure},
                                   {"io", &now.io_pressure}}) {
    if (const auto percent = waited(*file); !percent.empty()) out[name] = percent;
  }
  if (now.cpu_periods > 0) {
    out["periods"] = grown(before.cpu_periods, now.cpu_periods);
    out["throttledPeriods"] = grown(before.cpu_throttled_periods, now.cpu_throttled_periods);
  }
  out["readPerSecond"] = per_second(grown(before.io_read, now.io_read), elapsed_ns);
  out["writtenPerSecond"] = per_second(grown(before.io_written, now.io_written), elapsed_ns);
  return out;
}

// Nothing for a pod of which no container was running at both times.
std::optional<json::object> pod_metrics(node::Node& node, const api::Pod& pod,
                                        const Measurement& measured) {
  const auto& meta = pod.metadata;
  const auto first = measured.first.find(meta.uid), second = measured.second.find(meta.uid);
  const auto* worker = node.worker(meta.uid);
  if (worker == nullptr || first == measured.first.end() || second == measured.second.end())
    return std::nullopt;
  const std::uint64_t elapsed =
      second->second.wall_ns - std::min(first->second.wall_ns, second->second.wall_ns);
  json::array containers;
  for (const auto* list : {&pod.spec.initContainers, &pod.spec.containers}) {
    for (const auto& container : *list) {
      const auto running = worker->containers().find(container.name);
      if (running == worker->containers().end() || !running->second.alive) continue;
      const auto before = first->second.containers.find(running->second.info.id);
      const auto now = second->second.containers.find(running->second.info.id);
      if (before == first->second.containers.end() || now == second->second.containers.end())
        continue;
      containers.push_back(
          json::object{{"name", container.name},
                       {"usage", usage(before->second, now->second, elapsed)},
                       {"pressure", pressure(before->second, now->second, elapsed)}});
    }
  }
  if (containers.empty()) return std::nullopt;
  json::object labels;
  for (const auto& [key, value] : meta.labels) labels[key] = value;
  const auto time = node::to_time(second->second.wall_ns).str();
  json::object metadata{
      {"name", meta.name}, {"namespace", meta.namespace_}, {"creationTimestamp", time}};
  if (!labels.empty()) metadata["labels"] = std::move(labels);
  json::object out{{"kind", "PodMetrics"},
                   {"apiVersion", "metrics.k8s.io/v1beta1"},
                   {"metadata", std::move(metadata)},
                   {"timestamp", time},
                   {"window", std::to_string(kWindow.count()) + "ms"},
                   {"containers", std::move(containers)}};
  const auto before = first->second.containers.find(""), now = second->second.containers.find("");
  if (before != first->second.containers.end() && now != second->second.containers.end())
    out["pressure"] = pressure(before->second, now->second, elapsed);
  return out;
}

// The machine's counters at one moment.
struct MachineSample {
  std::uint64_t boot_ns = 0, cpu_ticks = 0, read = 0, written = 0;  // bytes
};

// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guests are within user.
std::uint64_t busy_ticks(std::string_view stat) {
  const auto words = text::split(stat.substr(0, stat.find('\n')), ' ');
  std::uint64_t sum = 0;
  std::size_t field = 0;
  for (const auto word : words) {
    const auto number = text::parse_u64(word);
    if (!number) continue;  // "cpu", and the two spaces after it
    if (field < 8 && field != 3 && field != 4) sum += *number;
    ++field;
  }
  return sum;
}

std::uint64_t number_after(std::string_view content, std::string_view key) {
  const auto at = content.find(key);
  if (at == std::string_view::npos) return 0;
  auto rest = content.substr(at + key.size());
  rest = text::trim(rest.substr(0, rest.find('\n')));
  return text::parse_u64(rest.substr(0, rest.find(' '))).value_or(0);
}

MachineSample sample_machine() {
  const auto pages = node::read_small_file("/proc/vmstat");
  return {node::boot_now_ns(), busy_ticks(node::read_small_file("/proc/stat")),
          number_after(pages, "\npgpgin ") * 1024, number_after(pages, "\npgpgout ") * 1024};
}

json::object machine_pressure(const MachineSample& before, const MachineSample& now,
                              std::uint64_t elapsed_ns) {
  json::object out;
  for (const char* name : {"cpu", "memory", "io"}) {
    const auto file = node::read_small_file(std::string("/proc/pressure/") + name);
    if (const auto percent = waited(file); !percent.empty()) out[name] = percent;
  }
  out["readPerSecond"] = per_second(grown(before.read, now.read), elapsed_ns);
  out["writtenPerSecond"] = per_second(grown(before.written, now.written), elapsed_ns);
  return out;
}

// Memory is what could not be had without swapping (proc_meminfo(5)).
json::object node_metrics(const api::Node& node, const MachineSample& before,
                          const MachineSample& now) {
  constexpr std::uint64_t kSecond = 1'000'000'000;  // ns
  const auto elapsed = now.boot_ns - before.boot_ns;
  const auto busy_ns = grown(before.cpu_ticks, now.cpu_ticks) * kSecond /
                       static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto memory = node::read_small_file("/proc/meminfo");
  const auto total = number_after(memory, "MemTotal:");
  const auto used = total - std::min(total, number_after(memory, "MemAvailable:"));
  const auto time = node::to_time(node::wall_now_ns()).str();
  json::object labels;
  for (const auto& [key, value] : node.metadata.labels) labels[key] = value;
  return {{"kind", "NodeMetrics"},
          {"apiVersion", "metrics.k8s.io/v1beta1"},
          {"metadata", json::object{{"name", node.metadata.name},
                                    {"creationTimestamp", time},
                                    {"labels", std::move(labels)}}},
          {"timestamp", time},
          {"window", std::to_string(kWindow.count()) + "ms"},
          {"usage", json::object{{"cpu", std::to_string(per_second(busy_ns, elapsed)) + "n"},
                                 {"memory", std::to_string(used) + "Ki"}}},
          {"pressure", machine_pressure(before, now, elapsed)}};
}

}  // namespace

void answer_pod_metrics(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  auto selection = parse_selection<api::Pod>(exchange->request().target.query, route.ns);
  if (!selection) return exchange->refuse(selection.error());
  std::vector<std::shared_ptr<const api::Pod>> pods;
  std::vector<std::string> uids;
  for (const auto& [key, record] : node.objects().pods()) {
    if (!route.name.empty() && route.name != key.second) continue;
    const auto* worker = node.worker(record.object->metadata.uid);
    if (!selection->matches(*record.object) || worker == nullptr || !worker->sandbox()) continue;
    pods.push_back(record.object);
    uids.push_back(record.object->metadata.uid);
  }
  auto measurement = std::make_shared<Measurement>(node, std::move(uids));
  // It holds itself until it has answered.
  measurement->done = [&node, exchange, route, pods, weak = std::weak_ptr(measurement)] {
    const auto measured = weak.lock();
    json::array items;
    for (const auto& pod : pods) {
      if (auto metrics = pod_metrics(node, *pod, *measured)) items.push_back(std::move(*metrics));
    }
    if (!route.name.empty()) {
      if (items.empty())
        return exchange->refuse(
            node::not_found("podmetrics.metrics.k8s.io", route.ns + "/" + route.name));
      return exchange->reply({200, json::serialize(items[0]) + "\n"});
    }
    exchange->reply({200, json::serialize(json::object{{"kind", "PodMetricsList"},
                                                       {"apiVersion", "metrics.k8s.io/v1beta1"},
                                                       {"metadata", json::object()},
                                                       {"items", std::move(items)}}) +
                              "\n"});
  };
  measurement->begin();
}

void answer_node_metrics(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto selection = parse_selection<api::Node>(exchange->request().target.query, {});
  if (!selection) return exchange->refuse(selection.error());
  const auto object = node.object();
  if (!route.name.empty() && route.name != object.metadata.name)
    return exchange->refuse(node::not_found("nodemetrics.metrics.k8s.io", route.name));
  auto timer = std::make_shared<boost::asio::steady_timer>(node.context().io, kWindow);
  timer->async_wait([timer, exchange, object, one = !route.name.empty(),
                     chosen = selection->matches(object),
                     before = sample_machine()](boost::system::error_code) {
    auto metrics = node_metrics(object, before, sample_machine());
    if (one) return exchange->reply({200, json::serialize(metrics) + "\n"});
    json::array items;
    if (chosen) items.push_back(std::move(metrics));
    exchange->reply({200, json::serialize(json::object{{"kind", "NodeMetricsList"},
                                                       {"apiVersion", "metrics.k8s.io/v1beta1"},
                                                       {"metadata", json::object()},
                                                       {"items", std::move(items)}}) +
                              "\n"});
  });
}

}  // namespace podctl::server
