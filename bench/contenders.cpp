// The contenders of pod-start: podctl warm and cold, the kernel's floor, crun, runc, podman kube play.
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "contender.hpp"

extern char** environ;

namespace bench {
namespace {

namespace fs = std::filesystem;

bool installed(const std::string& program) {
  for (const char* dir : {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"})
    if (::access((dir + program).c_str(), X_OK) == 0) return true;
  return false;
}

std::string manifest(const Setup& setup, const std::string& image, int containers, char prefix = 'c') {
  std::ostringstream out;
  out << "apiVersion: v1\nkind: Pod\nmetadata:\n  name: bench\nspec:\n  terminationGracePeriodSeconds: 0\n"
         "  restartPolicy: Never\n  volumes:\n  - {name: mark, hostPath: {path: \"" << setup.fifo << "\"}}\n  containers:\n";
  for (int i = 0; i < containers; ++i)
    out << "  - name: " << prefix << i << "\n    image: " << image
        << "\n    imagePullPolicy: Never\n    command: [/bench-mark, /mark]\n    volumeMounts:\n    - {name: mark, mountPath: /mark}\n";
  return out.str();
}

std::string tar_of(const Setup& setup, const std::string& into) {
  const std::string tar = into + "/rootfs.tar";
  run({"tar", "-C", setup.rootfs, "-cf", tar, "."});
  return tar;
}

// ---- podctl ----

class Podctl : public Contender {
 public:
  enum class Kind { kWarm, kCold, kOthers };
  Podctl(const Setup& setup, Kind kind) : setup_(setup), kind_(kind), root_(setup.scratch + "/podctl-" + word()) {}
  std::string name() const override {
    return kind_ == Kind::kWarm ? "podctl" : kind_ == Kind::kCold ? "podctl, cold" : "podctl other names";
  }
  std::string unavailable() override {
    return ::access((setup_.bin + "/podctl").c_str(), X_OK) == 0 ? "" : "build/bin/podctl is not built";
  }
  void prepare(int containers) override {
    manifests_ = {manifest(setup_, "bench/mark", containers), manifest(setup_, "bench/mark", containers, 'd')};
    if (fs::exists(root_)) return;
    fs::create_directories(root_);
    podctl({"image", "import", tar_of(setup_, root_), "bench/mark"});
  }
  void before_start() override {
    if (kind_ != Kind::kCold) return await_ready_sandbox();
    // No command stops podctld: pods outlive it, so ending it by its pid is what a reboot of it is.
    std::string version;
    run({setup_.bin + "/podctl", "--root", root_, "version", "-o", "json"}, {}, &version);
    const auto at = version.find("\"pid\":");
    if (at == std::string::npos) std::exit(1);
    const pid_t pid = std::atoi(version.c_str() + at + 6);
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    ::kill(pid, SIGTERM);
    struct pollfd ended {pidfd, POLLIN, 0};
    ::poll(&ended, 1, 5000);
    ::close(pidfd);
  }
  void start(int) override {
    // No container is named as one of the pod before.
    if (kind_ == Kind::kOthers) std::swap(manifests_[0], manifests_[1]);
    podctl({"apply", "-f", "-"}, manifests_[0]);
  }
  void remove(int) override { podctl({"delete", "pod", "bench", "--grace-period=0", "--force"}); }
  void finish() override {
    podctl({"system", "reset", "--yes"});
    fs::remove_all(root_);
  }

 private:
  void podctl(std::vector<std::string> args, const std::string& input = {}) {
    args.insert(args.begin(), {setup_.bin + "/podctl", "--root", root_});
    run(args, input);
  }
  // podctld makes the next pod's sandbox once nobody has asked it for anything for a moment; its record is
  // the first that is there of it.
  void await_ready_sandbox() {
    constexpr timespec kLook{.tv_sec = 0, .tv_nsec = 1'000'000};
    constexpr int kLooks = 1000;  // before the first pod there is none to wait for
    for (int look = 0; prepared_ && look < kLooks; ++look, ::nanosleep(&kLook, nullptr)) {
      std::error_code error;
      for (const auto& pod : fs::directory_iterator(root_ + "/run/pods", error))
        if (fs::exists(pod.path() / "spec/sandbox", error)) return;
    }
    prepared_ = true;
  }
  std::string word() const {
    return kind_ == Kind::kWarm ? "warm" : kind_ == Kind::kCold ? "cold" : "others";
  }
  Setup setup_;
  Kind kind_;
  bool prepared_ = false;
  std::string root_;
  std::array<std::string, 2> manifests_;
};

// ---- the kernel's floor ----

class Floor : public Contender {
 public:
  explicit Floor(const Setup& setup) : setup_(setup), dir_(setup.scratch + "/floor"), bridge_("pbench" + std::to_string(::getpid() % 100000)) {}
  std::string name() const override { return "floor"; }
  void prepare(int) override {
    fs::create_directories(dir_);
    if (::if_nametoindex(bridge_.c_str()) == 0) {
      run({"ip", "link", "add", bridge_, "type", "bridge"});
      run({"ip", "link", "set", bridge_, "up"});
    }
  }
  void before_start() override {
    fs::remove_all(dir_ + "/state");
    fs::create_directory(dir_ + "/state");
  }
  void start(int containers) override {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::exit(1);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::string args[] = {setup_.bench_bin + "/bench-floor", std::to_string(containers), setup_.rootfs, dir_ + "/state",
                          setup_.fifo, bridge_, bridge_};
    std::vector<char*> argv;
    for (auto& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::exit(1);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    hold_ = in[1];
    out_ = out[0];
  }
  void after_start() override { read_line(); }
  void remove(int) override {
    ::close(hold_);
    read_line();
    ::waitpid(pid_, nullptr, 0);
    ::close(out_);
  }
  void finish() override {
    run({"ip", "link", "del", bridge_});
    fs::remove_all(dir_);
  }

 private:
  void read_line() {
    char byte = 0;
    while (::read(out_, &byte, 1) == 1 && byte != '\n') {
    }
    if (byte != '\n') std::exit(1);
  }
  Setup setup_;
  std::string dir_, bridge_;
  pid_t pid_ = 0;
  int hold_ = -1, out_ = -1;
};

// ---- crun, runc: as many containers, one after another; no network is set up ----

class OciRuntime : public Contender {
 public:
  OciRuntime(const Setup& setup, std::string program) : setup_(setup), program_(std::move(program)), dir_(setup.scratch + "/" + program_) {}
  std::string name() const override { return program_ + " run"; }
  std::string unavailable() override { return installed(program_) ? "" : program_ + " is not installed"; }
  void prepare(int containers) override {
    fs::create_directories(dir_);
    for (int i = 0; i < containers; ++i) bundle(i);
  }
  void start(int containers) override {
    for (int i = 0; i < containers; ++i)
      run({program_, "--root", dir_ + "/state", "run", "--detach", "--bundle", dir_ + "/" + std::to_string(i), id(i)}, {}, nullptr, true);
  }
  void remove(int containers) override {
    for (int i = 0; i < containers; ++i) run({program_, "--root", dir_ + "/state", "delete", "--force", id(i)}, {}, nullptr, true);
  }
  void finish() override { fs::remove_all(dir_); }

 private:
  std::string id(int i) const { return "pbench-" + std::to_string(::getpid()) + "-" + std::to_string(i); }
  void bundle(int i) {
    const std::string dir = dir_ + "/" + std::to_string(i);
    if (fs::exists(dir)) return;
    fs::create_directories(dir);
    fs::copy(setup_.rootfs, dir + "/rootfs", fs::copy_options::recursive);
    run({"sh", "-c", "cd \"$1\" && \"$2\" spec", "-", dir, program_}, {}, nullptr, true);
    run({"jq", "--arg", "fifo", setup_.fifo,
         R"(.process.terminal = false | .process.args = ["/bench-mark", "/mark"] | .root.readonly = false)"
         R"( | .mounts += [{destination: "/mark", source: $fifo, type: "bind", options: ["bind"]}])",
         dir + "/config.json"},
        {}, &config_);
    std::ofstream(dir + "/config.json") << config_;
  }
  Setup setup_;
  std::string program_, dir_, config_;
};

// ---- podman kube play ----

class Podman : public Contender {
 public:
  explicit Podman(const Setup& setup) : setup_(setup), dir_(setup.scratch + "/podman") {}
  std::string name() const override { return "podman kube play"; }
  std::string unavailable() override { return installed("podman") ? "" : "podman is not installed"; }
  void prepare(int containers) override {
    const bool first = fs::create_directories(dir_);
    // Without CAP_SYS_RESOURCE podman's own default, a raised limit of open files, stops every start.
    std::ofstream(dir_ + "/containers.conf") << "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n";
    if (first) podman({"import", tar_of(setup_, dir_), "localhost/bench-mark"});
    std::ofstream(dir_ + "/pod.yaml") << manifest(setup_, "localhost/bench-mark", containers);
  }
  void start(int) override { podman({"kube", "play", dir_ + "/pod.yaml"}); }
  void remove(int) override { podman({"pod", "rm", "--force", "--time", "0", "bench"}); }
  void finish() override {
    podman({"rmi", "--all", "--force"});
    // podman keeps the bridge of its pods' network until that is removed.
    podman({"network", "rm", "--force", "podman-default-kube-network"});
    fs::remove_all(dir_);
  }

 private:
  void podman(std::vector<std::string> args) {
    args.insert(args.begin(), {"env", "CONTAINERS_CONF=" + dir_ + "/containers.conf", "podman", "--root", dir_ + "/storage", "--runroot", dir_ + "/run", "--network-config-dir", dir_ + "/net"});
    run(args, {}, nullptr, true);
  }
  Setup setup_;
  std::string dir_;
};

}  // namespace

std::vector<std::unique_ptr<Contender>> all_contenders(const Setup& setup) {
  std::vector<std::unique_ptr<Contender>> all;
  all.push_back(std::make_unique<Floor>(setup));
  all.push_back(std::make_unique<Podctl>(setup, Podctl::Kind::kWarm));
  all.push_back(std::make_unique<Podctl>(setup, Podctl::Kind::kOthers));
  all.push_back(std::make_unique<Podctl>(setup, Podctl::Kind::kCold));
  all.push_back(std::make_unique<OciRuntime>(setup, "crun"));
  all.push_back(std::make_unique<OciRuntime>(setup, "runc"));
  all.push_back(std::make_unique<Podman>(setup));
  return all;
}

}  // namespace bench
