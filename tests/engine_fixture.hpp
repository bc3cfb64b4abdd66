// An Engine on a root of its own, driven from the test's thread, and the check that nothing is left
// of it.
//
// Used by the root rung of engine. Runs the built podctl-shim and podctl-pause; the
// containers' root file system is the static busybox.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "patience.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/net/report.hpp"
#include "scratch.hpp"

namespace podctl::engine {

class ROOT_Engine : public ::testing::Test {
 protected:
  static constexpr std::chrono::seconds kBound{20};
  static constexpr const char* kUid = "0a1b2c3d-0000-4000-8000-000000000001";

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    dir_ = scratch_directory("engine");
    ASSERT_FALSE(dir_.empty());
    layout_ = Layout(dir_ + "/root");
    namespace fs = std::filesystem;
    fs::create_directories(dir_ + "/rootfs/bin");
    fs::copy_file("/bin/busybox", dir_ + "/rootfs/bin/busybox");
    fs::create_symlink("busybox", dir_ + "/rootfs/bin/sh");
    open();
  }

  void TearDown() override {
    if (dir_.empty()) return;
    if (!engine_) open();
    const auto done = call<void>([&](auto cb) { engine_->reset(cb); });
    EXPECT_TRUE(done) << done.error().message();
    engine_.reset();
    expect_nothing_left();
    std::filesystem::remove_all(dir_);
  }

  void open() {
    io_ = std::make_unique<boost::asio::io_context>();
    engine_ = std::make_unique<Engine>(
        *io_, layout_, Options{.helpers = PODCTL_BIN_DIR, .daemon = {}, .new_uid = new_uid_});
    engine_->on_exit = [this](const std::string&, const wire::ExitRecord& r) {
      exits_[r.name] = r;
    };
    engine_->on_sandbox_dead = [this](const std::string&, const std::string& why) { death_ = why; };
  }
  // podctld goes (with a Bye) and the shims are alone; open() is the next one.
  void abandon() {
    exits_.clear();
    engine_.reset();
    io_.reset();
  }

  bool run_until(const std::function<bool()>& reached) {
    const auto deadline = std::chrono::steady_clock::now() + patience(kBound);
    while (!reached() && std::chrono::steady_clock::now() < deadline) {
      io_->restart();
      io_->run_one_for(std::chrono::milliseconds(50));
    }
    return reached();
  }
  template <class T>
  Result<T> call(const std::function<void(Callback<T>)>& start) {
    std::optional<Result<T>> result;
    start([&](Result<T> r) { result.emplace(std::move(r)); });
    if (!run_until([&] { return result.has_value(); }))
      return fail(Code::kTimedOut, "await", "engine");
    return std::move(*result);
  }

  wire::SandboxSpec sandbox(bool network = true, const std::string& uid = kUid) {
    wire::SandboxSpec spec{.uid = uid, .name = "web", .ns = "default", .hostname = "web"};
    spec.cgroup = "pods/burstable/pod" + uid;
    spec.files = {{.name = "hosts", .content = "127.0.0.1 localhost\n"}};
    if (network) {
      auto net = call<wire::NetworkSpec>([&](auto cb) { engine_->allocate_network(uid, cb); });
      EXPECT_TRUE(net) << net.error().message();
      if (net) spec.net = *net;
    }
    return spec;
  }
  wire::ContainerSpec container(const std::string& name, const std::string& script) {
    wire::ContainerSpec spec;
    spec.name = name;
    spec.id = std::string(63 - name.size(), '0') + "c" + name;
    spec.argv = {"/bin/sh", "-c", script};
    spec.env = {"PATH=/bin"};
    spec.rootfs.layers = {dir_ + "/rootfs"};
    spec.log_path = log_path(name);
    spec.resources.memory_limit = 64 << 20;
    spec.resources.pids_limit = 64;
    return spec;
  }
  std::string log_path(const std::string& name) const {
    return layout_.container_log("default", "web", kUid, name, 0);
  }
  // The log's texts, tags and times cut off.
  std::string log_text(const std::string& name) const {
    std::ifstream in(log_path(name));
    std::string out;
    for (std::string line; std::getline(in, line);) {
      std::size_t at = 0;
      for (int i = 0; i < 3; ++i) at = line.find(' ', at) + 1;
      out += line.substr(at) + "\n";
    }
    return out;
  }
  Result<wire::SandboxInfo> create(wire::SandboxSpec spec) {
    return call<wire::SandboxInfo>([&](auto cb) { engine_->create_sandbox(std::move(spec), cb); });
  }
  Result<wire::ContainerInfo> start(wire::ContainerSpec spec, const std::string& uid = kUid) {
    return call<wire::ContainerInfo>(
        [&](auto cb) { engine_->start_container(uid, std::move(spec), cb); });
  }
  Result<void> destroy(const std::string& uid = kUid) {
    return call<void>([&](auto cb) { engine_->destroy_sandbox(uid, {}, cb); });
  }
  const wire::ExitRecord& exit_of(const std::string& name) {
    EXPECT_TRUE(run_until([&] { return exits_.contains(name); })) << name;
    return exits_[name];
  }
  void expect_pod_gone(const std::string& uid = kUid) {
    EXPECT_FALSE(std::filesystem::exists(layout_.pod_run(uid)));
    EXPECT_FALSE(std::filesystem::exists(layout_.pod_lib(uid) + "/containers"));
    auto tree = MUST(cgroup::Tree::open(layout_));
    EXPECT_EQ(tree.find("pods/burstable/pod" + uid).error().code, Code::kNotFound);
    auto socket = MUST(net::Socket::open());
    EXPECT_FALSE(net::link(socket, layout_.host_veth(uid)));
  }
  void expect_nothing_left() {
    auto tree = MUST(cgroup::Tree::open(layout_));
    EXPECT_TRUE(MUST(tree.list("")).empty());
    auto socket = MUST(net::Socket::open());
    EXPECT_FALSE(net::link(socket, layout_.bridge()));
    std::ifstream mounts("/proc/self/mountinfo");
    std::stringstream text;
    text << mounts.rdbuf();
    EXPECT_EQ(text.str().find(dir_), std::string::npos);
  }

  std::function<std::string()> new_uid_;  // no sandbox is made in advance
  std::string dir_, death_;
  Layout layout_;
  std::unique_ptr<boost::asio::io_context> io_;
  std::unique_ptr<Engine> engine_;
  std::map<std::string, wire::ExitRecord> exits_;
};

}  // namespace podctl::engine
