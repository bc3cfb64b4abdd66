// What probes cost podctld: many containers, each probed once a second by liveness and readiness, against a
// server of the bench's own that always says yes. Reports podctld's CPU time.
//
//   probes [--kind tcp|http|grpc] [--rate 1000] [--seconds 20] [--scratch DIR]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "contender.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int kServers = 2;       // threads that answer
constexpr int kContainers = 10;   // a pod
constexpr int kProbes = 2;        // a container

struct Options {
  std::string kind = "http", scratch = "/tmp";
  int rate = 1000, seconds = 20;
};

// HTTP/2 of a server that is healthy: settings, their acknowledgement, head, data, trailers.
std::string grpc_answer() {
  const auto frame = [](char type, char flags, char stream, const std::string& payload) {
    return std::string(2, '\0') + static_cast<char>(payload.size()) + type + flags + std::string(3, '\0') + stream + payload;
  };
  return frame(4, 0, 0, "") + frame(4, 1, 0, "") + frame(1, 4, 1, "\x88") +
         frame(0, 0, 1, std::string("\0\0\0\0\2\10\1", 7)) +
         frame(1, 5, 1, std::string("\0\13grpc-status\1" "0", 15));
}

// A port for each pod, as each has an address of its own: with one for all the kernel would look for a local
// port among the thousands that wait for their end.
class Server {
 public:
  Server(std::string kind, int pods) : kind_(std::move(kind)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < pods; ++i) ports.push_back(listen_somewhere());
    for (int i = 0; i < kServers; ++i) std::thread([this] { serve(); }).detach();
  }
  std::vector<int> ports;
  std::atomic<long> served = 0;

 private:
  int listen_somewhere() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    socklen_t size = sizeof any;
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    if (::bind(socket, reinterpret_cast<sockaddr*>(&any), size) != 0 || ::listen(socket, 1024) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&any), &size) != 0 ||
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) {
      std::perror("bench: serve");
      std::exit(1);
    }
    return ntohs(any.sin_port);
  }

  void serve() {
    const std::string http = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", grpc = grpc_answer();
    for (;;) {
      epoll_event ready{};
      if (::epoll_wait(epoll_, &ready, 1, -1) != 1) continue;
      const int peer = ::accept4(ready.data.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) continue;
      std::array<char, 4096> request{};
      if (kind_ != "tcp" && ::recv(peer, request.data(), request.size(), 0) > 0) {
        const auto& answer = kind_ == "http" ? http : grpc;
        (void)::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (kind_ == "grpc") while (::recv(peer, request.data(), request.size(), 0) > 0) {}
      }
      ::close(peer);
      ++served;
    }
  }

  std::string kind_;
  int epoll_;
};

// In the host's network: grpc has no host to name.
std::string manifest(int n, const Options& options, int port) {
  const auto at = std::to_string(port);
  const std::string handler = options.kind == "tcp"    ? "tcpSocket: {port: " + at + "}"
                              : options.kind == "http" ? "httpGet: {path: /healthz, port: " + at + "}"
                                                       : "grpc: {port: " + at + "}";
  const auto probe = "{" + handler + ", periodSeconds: 1, timeoutSeconds: 5}";
  std::ostringstream out;
  out << "apiVersion: v1\nkind: Pod\nmetadata: {name: p" << n
      << "}\nspec:\n  hostNetwork: true\n  terminationGracePeriodSeconds: 0\n  containers:\n";
  for (int i = 0; i < kContainers; ++i) {
    out << "  - {name: c" << i << ", image: podctl/busybox, command: [sleep, \"100000\"], livenessProbe: " << probe
        << ", readinessProbe: " << probe << "}\n";
  }
  return out.str();
}

// Seconds of CPU time of podctld's threads.
double cpu_seconds(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  std::string line;
  std::getline(in, line);
  std::istringstream rest(line.substr(line.rfind(')') + 2));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  const long ticks = std::atol(fields.at(11).c_str()) + std::atol(fields.at(12).c_str());
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::string daemon_pid(const std::string& root) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream comm(entry.path() / "comm"), cmdline(entry.path() / "cmdline");
    std::string name;
    std::stringstream line;
    line << cmdline.rdbuf();
    if (std::getline(comm, name) && name == "podctld" && line.str().find(root) != std::string::npos) return entry.path().filename();
  }
  std::fprintf(stderr, "bench: there is no podctld\n");
  std::exit(1);
}

bool read_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) return false;
    if (name == "--kind") options.kind = argv[i + 1];
    else if (name == "--rate") options.rate = std::atoi(argv[i + 1]);
    else if (name == "--seconds") options.seconds = std::atoi(argv[i + 1]);
    else if (name == "--scratch") options.scratch = argv[i + 1];
    else return false;
  }
  const bool known = options.kind == "tcp" || options.kind == "http" || options.kind == "grpc";
  return known && options.rate >= kContainers * kProbes && options.seconds > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options)) {
    std::fprintf(stderr, "usage: probes [--kind tcp|http|grpc] [--rate N] [--seconds N] [--scratch DIR]\n");
    return 2;
  }
  const std::string podctl = fs::canonical("/proc/self/exe").parent_path().parent_path() / "bin/podctl";
  const std::string root = options.scratch + "/podctl-probes." + std::to_string(::getpid());
  const int pods = options.rate / (kContainers * kProbes);
  Server server(options.kind, pods);
  for (int n = 0; n < pods; ++n) {
    bench::run({podctl, "--root", root, "apply", "-f", "-"}, manifest(n, options, server.ports[static_cast<std::size_t>(n)]));
    bench::run({podctl, "--root", root, "wait", "--for=condition=Ready", "pod/p" + std::to_string(n), "--timeout=60s"});
  }
  const auto pid = daemon_pid(root);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const double cpu = cpu_seconds(pid);
  const long served = server.served;
  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  const double used = cpu_seconds(pid) - cpu;
  const auto probes = static_cast<double>(server.served - served);
  bench::run({podctl, "--root", root, "delete", "pods", "--all", "--grace-period=0", "--force"});
  bench::run({podctl, "--root", root, "system", "reset", "--yes"});
  fs::remove_all(root);
  std::printf("probes     %s, %d containers in %d pods, %.0f a second\n", options.kind.c_str(), pods * kContainers, pods, probes / options.seconds);
  std::printf("podctld    %.1f %% of a core, %.0f us a probe\n", 100 * used / options.seconds, 1e6 * used / probes);
  return 0;
}
