#include "podctl/node/machine.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/node/clock.hpp"

namespace podctl::node {
namespace {

// The address a packet to `target` would leave from; connect(2) on a datagram socket sends nothing.
std::string source_address(const char* target, int family) {
  UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family == AF_INET) {
    struct sockaddr_in to {};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    inet_pton(AF_INET, target, &to.sin_addr);
    socklen_t size = sizeof to;
    if (::connect(fd.get(), reinterpret_cast<struct sockaddr*>(&to), size) != 0) return {};
    if (::getsockname(fd.get(), reinterpret_cast<struct sockaddr*>(&to), &size) != 0) return {};
    return inet_ntop(AF_INET, &to.sin_addr, text.data(), text.size()) != nullptr ? text.data() : "";
  }
  struct sockaddr_in6 to {};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(9);
  inet_pton(AF_INET6, target, &to.sin6_addr);
  socklen_t size = sizeof to;
  if (::connect(fd.get(), reinterpret_cast<struct sockaddr*>(&to), size) != 0) return {};
  if (::getsockname(fd.get(), reinterpret_cast<struct sockaddr*>(&to), &size) != 0) return {};
  return inet_ntop(AF_INET6, &to.sin6_addr, text.data(), text.size()) != nullptr ? text.data() : "";
}

std::uint64_t bounding_capabilities() {
  std::uint64_t mask = 0;
  for (int cap = 0; cap < 64; ++cap) {
    const int held = ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
    if (held < 0) break;
    if (held == 1) mask |= std::uint64_t{1} << cap;
  }
  return mask;
}

// The hex digits after any spaces.
std::uint64_t hex_mask(std::string_view digits) {
  std::uint64_t mask = 0;
  for (const char c : digits) {
    if (c == ' ' || c == '\t') continue;
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) break;
    mask = mask * 16 + static_cast<std::uint64_t>(value);
  }
  return mask;
}

// What podctld can hand on: what it holds itself (proc_pid_status(5), CapPrm) within its bounding
// set.
std::uint64_t own_capabilities() {
  const std::string status = read_small_file("/proc/self/status");
  const auto at = status.find("CapPrm:");
  if (at == std::string::npos) return 0;
  return hex_mask(std::string_view(status).substr(at + 7)) & bounding_capabilities();
}

std::string os_release_name() {
  const std::string content = read_small_file("/etc/os-release");
  for (const auto line : text::split(content, '\n')) {
    if (!line.starts_with("PRETTY_NAME=")) continue;
    auto value = line.substr(12);
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return "Linux";
}

// As Go calls it, and so Kubernetes.
std::string architecture() {
  struct utsname uts {};
  ::uname(&uts);
  const std::string machine = uts.machine;
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}

std::string trimmed_file(const std::string& path) {
  return std::string(text::trim(read_small_file(path)));
}

api::NodeCondition condition(const char* type, const char* status, const char* reason,
                             const char* message) {
  api::NodeCondition c;
  c.type = type;
  c.status = status;
  c.reason = reason;
  c.message = message;
  c.lastHeartbeatTime = c.lastTransitionTime = to_time(wall_now_ns());
  return c;
}

// Those of each size that are set aside (Linux Documentation/admin-guide/mm/hugetlbpage.rst).
void add_huge_pages(api::ResourceMap& resources) {
  constexpr const char* kPages = "/sys/kernel/mm/hugepages";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kPages, error)) {
    const std::string name = entry.path().filename();  // hugepages-2048kB
    const auto digits = name.substr(std::min(name.size(), name.find('-') + 1));
    const auto size = text::parse_u64(digits.substr(0, digits.find("kB")));
    const auto count = text::parse_u64(trimmed_file(entry.path().string() + "/nr_hugepages"));
    if (!size || !count) continue;
    const auto quantity = [](std::uint64_t bytes) {
      return api::Quantity::of(static_cast<std::int64_t>(bytes), api::Quantity::Format::kBinary);
    };
    resources["hugepages-" + quantity(*size * 1024).str()] = quantity(*size * 1024 * *count);
  }
}

api::ResourceMap resources_of(const NodeFacts& facts, const std::string& state) {
  api::ResourceMap resources;
  const auto bytes = [](std::uint64_t value) {
    return api::Quantity::of(static_cast<std::int64_t>(value), api::Quantity::Format::kBinary);
  };
  resources["cpu"] = api::Quantity::of(static_cast<std::int64_t>(facts.cpus));
  resources["memory"] = bytes(facts.memory_bytes);
  struct statvfs disk {};
  if (!state.empty() && ::statvfs(state.c_str(), &disk) == 0)
    resources["ephemeral-storage"] = bytes(disk.f_blocks * disk.f_frsize);
  add_huge_pages(resources);
  return resources;
}

// The kubelet's own bounds (k8s pkg/kubelet/eviction/defaults_linux.go); nothing is evicted by
// them.
bool memory_pressure() {
  constexpr std::uint64_t kLeast = 100ULL << 10U;  // kB
  const std::string info = read_small_file("/proc/meminfo");
  const auto at = info.find("MemAvailable:");
  if (at == std::string::npos) return false;
  const auto words = text::trim(std::string_view(info).substr(at + 13, 32));
  const auto available = text::parse_u64(words.substr(0, words.find(' ')));
  return available && *available < kLeast;
}

bool disk_pressure(const std::string& state) {
  struct statvfs disk {};
  if (state.empty() || ::statvfs(state.c_str(), &disk) != 0) return false;
  return disk.f_bavail * 10 < disk.f_blocks || disk.f_favail * 20 < disk.f_files;
}

std::vector<api::NodeCondition> conditions(const std::string& state) {
  const bool memory = memory_pressure(), disk = disk_pressure(state);
  return {memory ? condition("MemoryPressure", "True", "KubeletHasInsufficientMemory",
                             "kubelet has insufficient memory available")
                 : condition("MemoryPressure", "False", "KubeletHasSufficientMemory",
                             "kubelet has sufficient memory available"),
          disk ? condition("DiskPressure", "True", "KubeletHasDiskPressure",
                           "kubelet has disk pressure")
               : condition("DiskPressure", "False", "KubeletHasNoDiskPressure",
                           "kubelet has no disk pressure"),
          condition("Ready", "True", "KubeletReady", "podctld is posting ready status")};
}

}  // namespace

std::string read_small_file(const std::string& path, std::size_t limit) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  std::array<char, 4096> block{};
  while (fd && content.size() < limit) {
    const auto n = ::read(fd.get(), block.data(), block.size());
    if (n <= 0) break;
    content.append(block.data(), static_cast<std::size_t>(n));
  }
  return content;
}

std::string boot_id() { return trimmed_file("/proc/sys/kernel/random/boot_id"); }

std::string new_uuid() {
  std::array<unsigned char, 16> b{};
  // getrandom(2): up to 256 bytes are never cut short once the pool is ready.
  if (::getrandom(b.data(), b.size(), 0) != static_cast<ssize_t>(b.size()))
    return trimmed_file("/proc/sys/kernel/random/uuid");
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string out;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += text::hex(b[i], 2);
  }
  return out;
}

std::string node_name(std::string_view hostname) {
  std::vector<std::string> labels;
  for (const std::string_view part : text::split(hostname, '.')) {
    std::string label;
    for (const char c : part) {
      const auto u = static_cast<unsigned char>(c);
      label += std::isalnum(u) != 0 ? static_cast<char>(std::tolower(u)) : '-';
    }
    label.erase(0, label.find_first_not_of('-'));
    label.erase(label.find_last_not_of('-') + 1);
    if (!label.empty()) labels.push_back(std::move(label));
  }
  return labels.empty() ? "localhost" : text::join(labels, ".");
}

std::vector<std::string> host_addresses() {
  std::vector<std::string> addresses;
  // Documentation addresses (RFC 5737, RFC 3849): they follow the default route and reach nobody.
  for (const auto& [target, family] :
       {std::pair{"192.0.2.1", AF_INET}, std::pair{"2001:db8::1", AF_INET6}}) {
    auto address = source_address(target, family);
    if (!address.empty()) addresses.push_back(std::move(address));
  }
  if (addresses.empty()) addresses.emplace_back("127.0.0.1");
  return addresses;
}

Machine read_machine(const std::string& state, std::uint64_t max_pods) {
  Machine machine;
  struct utsname uts {};
  ::uname(&uts);
  machine.hostname = uts.nodename;
  machine.facts.name = node_name(uts.nodename);
  machine.facts.host_ips = host_addresses();
  machine.facts.cpus = static_cast<std::uint64_t>(std::max(1, get_nprocs()));
  struct sysinfo info {};
  if (::sysinfo(&info) == 0)
    machine.facts.memory_bytes = static_cast<std::uint64_t>(info.totalram) * info.mem_unit;
  machine.hosts = read_small_file("/etc/hosts");
  machine.resolv = parse_resolv_conf(read_small_file("/etc/resolv.conf"));
  // systemd-resolved's stub listens on the host's loopback, where no pod reaches it; its own list
  // is beside it.
  if (machine.resolv.nameservers == std::vector<std::string>{"127.0.0.53"}) {
    const auto upstream = read_small_file("/run/systemd/resolve/resolv.conf");
    if (!upstream.empty()) machine.resolv = parse_resolv_conf(upstream);
  }
  machine.capabilities = own_capabilities();
  machine.resources = resources_of(machine.facts, state);
  machine.resources["pods"] = api::Quantity::of(static_cast<std::int64_t>(max_pods));
  return machine;
}

std::map<std::string, std::string> node_labels(const std::string& name, const NodeMarks& marks) {
  std::map<std::string, std::string> labels{{"kubernetes.io/arch", architecture()},
                                            {"kubernetes.io/hostname", name},
                                            {"kubernetes.io/os", "linux"}};
  labels.insert(marks.labels.begin(), marks.labels.end());
  return labels;
}

api::Node node_object(const Machine& machine, const NodeMarks& marks, const std::string& state,
                      std::uint64_t resource_version) {
  struct utsname uts {};
  ::uname(&uts);
  api::Node node;
  node.kind = "Node";
  node.apiVersion = "v1";
  node.metadata.name = machine.facts.name;
  node.metadata.uid = trimmed_file("/etc/machine-id");
  node.metadata.resourceVersion = std::to_string(resource_version);
  node.metadata.labels = node_labels(machine.facts.name, marks);
  node.metadata.annotations = marks.annotations;
  struct sysinfo info {};
  ::sysinfo(&info);
  node.metadata.creationTimestamp =
      to_time(wall_now_ns() - static_cast<std::uint64_t>(info.uptime) * 1'000'000'000ULL);
  auto& status = node.status;
  status.capacity = status.allocatable = machine.resources;
  status.capacity["cpu"] = api::Quantity::of(static_cast<std::int64_t>(machine.facts.cpus));
  status.conditions = conditions(state);
  for (auto& c : status.conditions) c.lastTransitionTime = node.metadata.creationTimestamp;
  for (const auto& ip : machine.facts.host_ips) status.addresses.push_back({"InternalIP", ip});
  status.addresses.push_back({"Hostname", machine.hostname});
  auto& sys = status.nodeInfo.emplace();
  sys.machineID = node.metadata.uid;
  sys.systemUUID = node.metadata.uid;
  sys.bootID = boot_id();
  sys.kernelVersion = uts.release;
  sys.osImage = os_release_name();
  sys.containerRuntimeVersion = "podctl://0.1.0";
  sys.kubeletVersion = kKubernetesVersion;
  sys.operatingSystem = "linux";
  sys.architecture = architecture();
  return node;
}

}  // namespace podctl::node
