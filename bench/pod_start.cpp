// Times a pod's start (from the call until every container executes) and its removal (until nothing is
// left), for podctl warm and cold beside the kernel's floor, crun, runc and podman kube play. All take turns
// in one run, so that a busy moment hits everybody; what counts are the ratios. In its turn a contender
// first starts and removes a pod that is not timed (--warm-up N of them): else each would be measured as it
// is after all the others' turns, seconds of idleness for a daemon, and with the caches full of podman.
//
//   pod-start [--runs N] [--warm-up N] [--containers 1,2,10] [--only NAME,NAME] [--scratch DIR] [--json FILE]
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "contender.hpp"

namespace {

namespace fs = std::filesystem;

struct Options {
  int runs = 50;
  int warm_up = 1;
  std::vector<int> containers = {1, 2, 10};
  std::vector<std::string> only;
  std::string scratch = "/tmp";
  std::string json;
};

double now_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--runs") options.runs = std::atoi(value.c_str());
    else if (flag == "--warm-up") options.warm_up = std::atoi(value.c_str());
    else if (flag == "--scratch") options.scratch = value;
    else if (flag == "--json") options.json = value;
    else if (flag == "--only") options.only = split(value);
    else if (flag == "--containers") {
      options.containers.clear();
      for (const auto& n : split(value)) options.containers.push_back(std::atoi(n.c_str()));
    } else {
      argc = 0;
    }
  }
  if (argc % 2 == 0 || options.runs < 1) {
    std::fprintf(stderr, "usage: pod-start [--runs N] [--warm-up N] [--containers 1,2,10] [--only NAME,NAME] [--scratch DIR] [--json FILE]\n");
    std::exit(2);
  }
  return options;
}

struct Samples {
  std::vector<double> start, remove;
};

double at(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(part * last + 0.5)];
}

void wait_for_marks(int fifo, int marks) {
  char bytes[64];
  while (marks > 0) {
    const ssize_t n = ::read(fifo, bytes, static_cast<std::size_t>(std::min(marks, 64)));
    if (n <= 0) {
      std::fprintf(stderr, "pod-start: reading the marks: %s\n", std::strerror(errno));
      std::exit(1);
    }
    marks -= static_cast<int>(n);
  }
}

// What one contender's end leaves to the kernel (it takes network namespaces apart on its own), and the
// rest of what podctld makes in advance, falls into nobody's time.
void let_settle() {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 50'000'000};
  ::nanosleep(&kPause, nullptr);
}

void one_round(bench::Contender& contender, int containers, int fifo, Samples* samples) {
  contender.before_start();
  let_settle();
  const double begin = now_ms();
  contender.start(containers);
  wait_for_marks(fifo, containers);
  const double started = now_ms();
  contender.after_start();
  const double removing = now_ms();
  contender.remove(containers);
  const double removed = now_ms();
  if (samples == nullptr) return;
  samples->start.push_back(started - begin);
  samples->remove.push_back(removed - removing);
}

void take_turn(bench::Contender& contender, int containers, int fifo, int warm_up, Samples* samples) {
  for (int i = 0; i < warm_up; ++i) one_round(contender, containers, fifo, nullptr);
  one_round(contender, containers, fifo, samples);
}

void print(int containers, const std::vector<std::string>& order, std::map<std::string, Samples>& results) {
  const auto& floor = results[order.front()];
  const double start_base = at(floor.start, 0.5);
  const double remove_base = at(floor.remove, 0.5);
  std::printf("\n%d container%s, %zu runs (ms)\n%-18s %9s %9s %9s %9s %9s | %9s %9s %9s\n", containers,
              containers == 1 ? "" : "s", floor.start.size(), "", "start", "min", "p99", "x floor", "x (min)", "remove", "p99", "x floor");
  for (const auto& name : order) {
    const auto& s = results[name];
    std::printf("%-18s %9.2f %9.2f %9.2f %9.2f %9.2f | %9.2f %9.2f %9.2f\n", name.c_str(), at(s.start, 0.5), at(s.start, 0),
                at(s.start, 0.99), at(s.start, 0.5) / start_base, at(s.start, 0) / at(floor.start, 0), at(s.remove, 0.5),
                at(s.remove, 0.99), at(s.remove, 0.5) / remove_base);
  }
  std::fflush(stdout);
}

void append_json(std::ofstream& out, int containers, const std::vector<std::string>& order, std::map<std::string, Samples>& results) {
  for (const auto& name : order) {
    const auto& s = results[name];
    out << "{\"containers\":" << containers << ",\"contender\":\"" << name << "\",\"runs\":" << s.start.size()
        << ",\"start_median_ms\":" << at(s.start, 0.5) << ",\"start_min_ms\":" << at(s.start, 0)
        << ",\"start_p99_ms\":" << at(s.start, 0.99) << ",\"remove_median_ms\":" << at(s.remove, 0.5)
        << ",\"remove_p99_ms\":" << at(s.remove, 0.99) << "}\n";
  }
}

bench::Setup make_setup(const Options& options, const char* self) {
  bench::Setup setup;
  setup.scratch = options.scratch + "/podctl-bench." + std::to_string(::getpid());
  setup.bench_bin = fs::canonical("/proc/self/exe").parent_path();
  setup.bin = fs::path(setup.bench_bin).parent_path() / "bin";
  setup.fifo = setup.scratch + "/mark";
  setup.rootfs = setup.scratch + "/rootfs";
  for (const char* dir : {"proc", "dev", "sys", "etc", "tmp"}) fs::create_directories(setup.rootfs + "/" + dir);
  fs::copy_file(setup.bench_bin + "/bench-mark", setup.rootfs + "/bench-mark");
  std::ofstream(setup.rootfs + "/mark").flush();
  if (::mkfifo(setup.fifo.c_str(), 0666) != 0) {
    std::fprintf(stderr, "%s: mkfifo %s: %s\n", self, setup.fifo.c_str(), std::strerror(errno));
    std::exit(1);
  }
  return setup;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const bench::Setup setup = make_setup(options, argv[0]);
  // Open for both, so that it neither blocks nor ends between two writers.
  const int fifo = ::open(setup.fifo.c_str(), O_RDWR | O_CLOEXEC);

  std::vector<std::unique_ptr<bench::Contender>> running;
  for (auto& contender : bench::all_contenders(setup)) {
    if (!options.only.empty() && std::find(options.only.begin(), options.only.end(), contender->name()) == options.only.end()) continue;
    const auto why = contender->unavailable();
    if (why.empty()) running.push_back(std::move(contender));
    else std::printf("left out: %s: %s\n", contender->name().c_str(), why.c_str());
  }
  std::ofstream json;
  if (!options.json.empty()) json.open(options.json);

  for (const int containers : options.containers) {
    std::map<std::string, Samples> results;
    std::vector<std::string> order;
    for (auto& contender : running) {
      order.push_back(contender->name());
      contender->prepare(containers);
      one_round(*contender, containers, fifo, nullptr);
    }
    for (int round = 0; round < options.runs; ++round)
      for (auto& contender : running)
        take_turn(*contender, containers, fifo, options.warm_up, &results[contender->name()]);
    print(containers, order, results);
    if (json.is_open()) append_json(json, containers, order, results);
  }
  for (auto& contender : running) contender->finish();
  ::close(fifo);
  // A daemon that is just leaving removes files of its own at the same time.
  std::error_code gone;
  fs::remove_all(setup.scratch, gone);
  return 0;
}
