// Starts many pods on one podctl and reports what a pod costs: memory (PSS of everything that podctl runs),
// the first start against the last, and how long `get pods` takes.
//
//   density [--pods N] [--scratch DIR]
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "contender.hpp"

namespace {

namespace fs = std::filesystem;

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// KiB by smaps_rollup; 0 for a process that has ended meanwhile.
long pss(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/smaps_rollup");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("Pss:", 0) == 0) return std::atol(line.c_str() + 4);
  return 0;
}

struct Memory {
  long daemon = 0, rest = 0;  // KiB
};

// podctld of this root, and its shims and pauses, found by the root's cgroup or command line.
Memory measure(const std::string& root) {
  Memory memory;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream comm_file(entry.path() / "comm");
    std::string comm;
    std::getline(comm_file, comm);
    if (comm.rfind("podctl", 0) != 0) continue;
    std::ifstream cmdline(entry.path() / "cmdline");
    std::stringstream line;
    line << cmdline.rdbuf();
    const bool ours = line.str().find(root) != std::string::npos;
    if (comm == "podctld") memory.daemon += ours ? pss(pid) : 0;
    else memory.rest += ours || comm == "podctl-pause" ? pss(pid) : 0;
  }
  return memory;
}

std::string manifest(int n) {
  std::ostringstream out;
  out << "apiVersion: v1\nkind: Pod\nmetadata: {name: d" << n
      << "}\nspec:\n  terminationGracePeriodSeconds: 0\n  containers:\n"
         "  - {name: a, image: bench/mark, command: [/bench-mark]}\n  - {name: b, image: bench/mark, command: [/bench-mark]}\n";
  return out.str();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  int pods = 200;
  std::string scratch = "/tmp";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--pods") == 0) pods = std::atoi(argv[i + 1]);
    else if (std::strcmp(argv[i], "--scratch") == 0) scratch = argv[i + 1];
    else argc = 0;
  }
  if (argc % 2 == 0 || pods < 1) {
    std::fprintf(stderr, "usage: density [--pods N] [--scratch DIR]\n");
    return 2;
  }
  const fs::path bench_bin = fs::canonical("/proc/self/exe").parent_path();
  const std::string podctl = bench_bin.parent_path() / "bin/podctl";
  const std::string root = scratch + "/podctl-density." + std::to_string(::getpid());
  fs::create_directories(root + "/rootfs/proc");
  fs::copy_file(bench_bin / "bench-mark", root + "/rootfs/bench-mark");
  bench::run({"tar", "-C", root + "/rootfs", "-cf", root + "/rootfs.tar", "."});
  bench::run({podctl, "--root", root, "image", "import", root + "/rootfs.tar", "bench/mark"});
  const Memory empty = measure(root);

  std::vector<double> starts;
  for (int n = 0; n < pods; ++n) {
    const double begin = now_ms();
    bench::run({podctl, "--root", root, "apply", "-f", "-"}, manifest(n));
    bench::run({podctl, "--root", root, "wait", "--for=condition=Ready", "pod/d" + std::to_string(n), "--timeout=30s"});
    starts.push_back(now_ms() - begin);
  }
  const Memory full = measure(root);
  std::vector<double> gets;
  for (int n = 0; n < 21; ++n) {
    const double begin = now_ms();
    bench::run({podctl, "--root", root, "get", "pods"});
    gets.push_back(now_ms() - begin);
  }
  const double removing = now_ms();
  bench::run({podctl, "--root", root, "delete", "pods", "--all", "--grace-period=0", "--force"});
  const double removed = now_ms() - removing;
  bench::run({podctl, "--root", root, "system", "reset", "--yes"});
  fs::remove_all(root);

  const int tenth = std::max(1, pods / 10);
  const std::vector<double> first(starts.begin(), starts.begin() + tenth);
  const std::vector<double> last(starts.end() - tenth, starts.end());
  std::printf("pods                        %d of two containers\n", pods);
  std::printf("podctld, PSS                %.1f MiB empty, %.1f MiB full\n", static_cast<double>(empty.daemon) / 1024, static_cast<double>(full.daemon) / 1024);
  std::printf("a pod beyond podctld, PSS   %.3f MiB\n", static_cast<double>(full.rest) / 1024 / pods);
  std::printf("apply to Ready              %.2f ms first tenth, %.2f ms last tenth: x%.2f\n", median(first), median(last), median(last) / median(first));
  std::printf("get pods                    %.2f ms\n", median(gets));
  std::printf("delete --all                %.1f ms, %.2f ms a pod\n", removed, removed / pods);
  return 0;
}
