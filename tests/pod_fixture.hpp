// What the tests of whole pods share: the runtime library on the real podctl-pause, with
// a root directory, a cgroup tree and a network namespace of the test's own, which
// go with it. The test plays the shim: what it starts are its children.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "patience.hpp"
#include "podctl/net/bridge.hpp"
#include "podctl/runtime/container.hpp"
#include "podctl/runtime/sandbox.hpp"
#include "podctl/sys/process.hpp"
#include "podctl/sys/sealed_exe.hpp"
#include "root/net_support.hpp"
#include "scratch.hpp"

namespace podctl {

// How a workload ended, and what it printed.
struct Outcome {
  int code = -1;
  std::string output;

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    std::size_t from = 0;
    for (std::size_t at; (at = output.find('\n', from)) != std::string::npos; from = at + 1) {
      out.push_back(output.substr(from, at - from));
    }
    return out;
  }
  // Of the line "key=value"; all of them, joined with a blank, when there are several.
  std::string value(const std::string& key) const {
    std::string out;
    for (const auto& line : lines()) {
      if (line.starts_with(key + "="))
        out += (out.empty() ? "" : " ") + line.substr(key.size() + 1);
    }
    return out;
  }
};

inline std::string read_to_end(int fd) {
  std::string out;
  char buffer[4096];
  for (;;) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    const auto bound = patience(std::chrono::seconds(20));
    if (::poll(&ready, 1, static_cast<int>(bound.count())) <= 0) return out + "(nothing more came)";
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0) return out;  // EIO: a terminal whose last slave has closed
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

class PodTest : public NetTest {
 protected:
  // The default sets of container runtimes: "CHOWN, DAC_OVERRIDE, FSETID, FOWNER, MKNOD, NET_RAW,
  // SETGID, SETUID, SETFCAP, SETPCAP, NET_BIND_SERVICE, SYS_CHROOT, KILL, AUDIT_WRITE".
  static constexpr std::uint64_t kDefaultCaps = 0xa80425fb;

  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    directory_ = scratch_directory("test");
    ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);  // workloads of other users pass through it
    layout_ = Layout(directory_ + "/root");
    std::filesystem::create_directories(layout_.pod_run(kUid));
    auto pause = sys::seal_program(std::string(PODCTL_BIN_DIR) + "/podctl-pause");
    ASSERT_TRUE(pause) << pause.error().message();
    pause_ = std::move(*pause);
    std::filesystem::create_directories(image() + "/bin");
    std::filesystem::create_directories(image() + "/etc");
    std::filesystem::copy_file(PODCTL_PROBE, image() + "/bin/probe");
  }

  void TearDown() override {
    if (sandbox_) {
      auto destroyed = sandbox_->destroy();
      EXPECT_TRUE(destroyed) << destroyed.error().message();
    }
    sandbox_.reset();
    if (!directory_.empty()) {
      const auto child = sys::peek_any_child();
      EXPECT_TRUE(!child && child.error().code == Code::kNotFound) << "a child was left";
      auto tree = cgroup::Tree::open(layout_);
      if (tree) {
        auto destroyed = tree->destroy();
        EXPECT_TRUE(destroyed) << destroyed.error().message();
      }
      std::error_code ignored;
      std::filesystem::remove_all(directory_, ignored);
      EXPECT_FALSE(std::filesystem::exists(directory_)) << "left behind: " << directory_;
    }
    NetTest::TearDown();
  }

  std::string image() const { return directory_ + "/image"; }
  void put(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(image() + "/" + path).parent_path());
    std::ofstream(image() + "/" + path) << content;
  }

  // Into the image; false: this machine has none that is static.
  bool put_busybox() const {
    if (!std::filesystem::exists("/bin/busybox")) return false;
    return std::filesystem::copy_file("/bin/busybox", image() + "/bin/busybox");
  }

  static wire::SandboxSpec sandbox_spec() {
    wire::SandboxSpec spec;
    spec.uid = kUid;
    spec.name = "web";
    spec.ns = "default";
    spec.hostname = "web";
    spec.cgroup = std::string("pods/pod") + kUid;
    return spec;
  }

  void make_sandbox(const wire::SandboxSpec& spec) {
    auto tree = cgroup::Tree::open(layout_);
    ASSERT_TRUE(tree) << tree.error().message();
    auto made = runtime::Sandbox::create(layout_, {.pause = pause_.get()}, std::move(*tree), spec);
    ASSERT_TRUE(made) << made.error().message();
    sandbox_ = std::make_unique<runtime::Sandbox>(std::move(*made));
  }

  // The probe with these arguments, confined as kubelet and containerd do it by default.
  wire::ContainerSpec container_spec(std::vector<std::string> arguments) {
    wire::ContainerSpec spec;
    spec.name = "c" + std::to_string(count_++);
    spec.id = spec.name;
    spec.argv = {"/bin/probe"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.rootfs.layers = {image()};
    spec.security.capabilities = {.bounding = kDefaultCaps,
                                  .permitted = kDefaultCaps,
                                  .effective = kDefaultCaps,
                                  .inheritable = 0,
                                  .ambient = 0};
    spec.security.masked_paths = {"/proc/acpi",          "/proc/kcore",      "/proc/keys",
                                  "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug",
                                  "/proc/scsi",          "/sys/firmware"};
    spec.security.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                    "/proc/sysrq-trigger"};
    return spec;
  }

  // Until what is being started has executed.
  static Result<void> await(const std::function<Result<bool>()>& advance, int fd) {
    while (!TRY(advance())) {
      pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 20'000) <= 0) return fail(Code::kTimedOut, "start", "container");
    }
    return {};
  }

  // A container under way; its output (or its terminal) is read at the end.
  struct Running {
    std::unique_ptr<runtime::Container> container;
    UniqueFd output;
  };
  Result<Running> start(wire::ContainerSpec spec, int target = -1) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
    UniqueFd reader(ends[0]), writer(ends[1]);
    runtime::Stdio stdio{.in = -1, .out = writer.get(), .err = writer.get()};
    auto begun = TRY(runtime::ContainerStart::begin(*sandbox_, std::move(spec), stdio, target));
    TRY(await([&] { return begun->advance(); }, begun->fd()));
    auto made = begun->take();
    Running running{std::make_unique<runtime::Container>(std::move(made)), std::move(reader)};
    if (running.container->spec().tty) running.output = running.container->take_terminal();
    return running;
  }
  Outcome finish(Running running) {
    Outcome outcome;
    outcome.output = read_to_end(running.output.get());
    auto exit = sys::wait_child(running.container->process().pidfd.get(), true);
    EXPECT_TRUE(exit && *exit) << "the main process cannot be reaped";
    if (exit && *exit) outcome.code = (*exit)->code;
    end(*running.container);
    return outcome;
  }
  void stop(Running running) {
    EXPECT_TRUE(running.container->kill());
    (void)sys::wait_child(running.container->process().pidfd.get(), true);
    end(*running.container);
  }
  Outcome run(wire::ContainerSpec spec) {
    auto running = start(std::move(spec));
    EXPECT_TRUE(running) << running.error().message();
    return running ? finish(std::move(*running)) : Outcome{};
  }
  Outcome probe(std::vector<std::string> arguments) {
    return run(container_spec(std::move(arguments)));
  }
  // The failure of a start that must be refused.
  Error refusal(wire::ContainerSpec spec) {
    auto running = start(std::move(spec));
    if (!running) return running.error();
    ADD_FAILURE() << "was started";
    stop(std::move(*running));
    return {};
  }

  struct Executed {
    sys::Child process;
    UniqueFd terminal;
  };
  Result<Executed> exec(const Running& running, const wire::ExecSpec& spec, runtime::Stdio stdio) {
    runtime::Trace trace;
    auto begun = TRY(runtime::begin_exec(*sandbox_, *running.container, spec, stdio, trace));
    TRY(await([&] { return begun->advance(trace); }, begun->fd()));
    return Executed{begun->take_process(), begun->take_terminal()};
  }
  Outcome exec(Running& running, wire::ExecSpec spec) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    UniqueFd reader(ends[0]), writer(ends[1]);
    runtime::Stdio stdio{.in = -1, .out = writer.get(), .err = writer.get()};
    auto made = exec(running, spec, stdio);
    EXPECT_TRUE(made) << made.error().message();
    if (!made) return {};
    writer.reset();
    Outcome outcome;
    outcome.output = read_to_end(spec.tty ? made->terminal.get() : reader.get());
    auto exit = sys::wait_child(made->process.pidfd.get(), true);
    if (exit && *exit) outcome.code = (*exit)->code;
    return outcome;
  }
  wire::ExecSpec exec_spec(const Running& running, std::vector<std::string> arguments) {
    wire::ExecSpec spec;
    spec.container_id = running.container->spec().id;
    spec.argv = {"/bin/probe"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.security = running.container->spec().security;
    return spec;
  }

  static constexpr const char* kUid = "8a7d0b44-2f0e-4f2a-9a5e-0d6a1c1f7e01";
  std::string directory_;
  Layout layout_;
  UniqueFd pause_;
  std::unique_ptr<runtime::Sandbox> sandbox_;

 private:
  void end(runtime::Container& container) {
    EXPECT_TRUE(container.kill());
    auto removed = container.group().remove();
    EXPECT_TRUE(removed) << removed.error().message();
    auto files = runtime::remove_files(layout_, kUid, container.spec());
    EXPECT_TRUE(files) << files.error().message();
  }
  int count_ = 0;
};

}  // namespace podctl
