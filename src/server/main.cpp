// podctld: the brain of one root. Options, lock, log, signals, one loop.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "claim.hpp"
#include "failed.hpp"
#include "log.hpp"
#include "podctl/api/sysctls.hpp"
#include "podctl/base/text.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/node/node.hpp"
#include "podctl/server/api.hpp"
#include "podctl/server/listener.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;

struct Arguments {
  std::string root, helpers;
  bool foreground = false, systemd = false, ready_sandbox = true, memory_qos = false;
  bool handed = false;  // descriptor 3 is our socket, from systemd
  int ready_fd = -1;
  std::uint64_t max_pods = node::kMaxPods;
  std::optional<bool> static_cpus;  // absent: as the last podctld had it
  std::string reserved_cpus;
  std::vector<std::string> unsafe_sysctls;
};

constexpr const char* kUsage =
    "usage: podctld [--root DIR] [--helpers DIR] [--ready-fd N] [--foreground] [--systemd]\n"
    "               [--max-pods N] [--no-ready-sandbox] [--memory-qos]\n"
    "               [--cpu-manager-policy none|static] [--reserved-cpus LIST]\n"
    "               [--allowed-unsafe-sysctls PATTERN,...]\n"
    "  --root DIR      keep all state and run-time files below DIR\n"
    "  --helpers DIR   where podctl-shim and podctl-pause lie\n"
    "  --ready-fd N    descriptor that gets one byte when the socket listens\n"
    "  --foreground    stay in the session and log to the terminal\n"
    "  --systemd       take the socket from systemd\n"
    "  --max-pods N    how many pods the node takes, at most 1023\n"
    "  --no-ready-sandbox\n"
    "                  make every pod's sandbox when the pod comes, none in advance\n"
    "  --memory-qos    protect the memory that pods ask for, and slow down who nears its limit\n"
    "                  (Kubernetes' MemoryQoS; cgroup v2 only)\n"
    "  --cpu-manager-policy none|static\n"
    "                  static: a Guaranteed container that asks for whole CPUs has them alone;\n"
    "                  without this the policy stays what it was, none at first\n"
    "  --reserved-cpus LIST\n"
    "                  CPUs (0,2-3) that no pod may ask for: for the machine, and for who shares\n"
    "  --allowed-unsafe-sysctls PATTERN,...\n"
    "                  sysctls of a pod's own namespaces that pods may set beside the safe ones;\n"
    "                  a '*' at the end of a pattern stands for any rest: net.core.*\n";

Result<std::uint64_t> pods_of(const std::string& value) {
  const auto number = text::parse_u64(value);
  if (number && *number <= node::kMaxPods) return *number;
  return fail(Code::kInvalidArgument, "read option", "--max-pods",
              "no number of at most " + std::to_string(node::kMaxPods) + ": " + value);
}

Result<bool> static_of(const std::string& policy) {
  if (policy == "static" || policy == "none") return policy == "static";
  return fail(Code::kInvalidArgument, "read option", "--cpu-manager-policy",
              "neither none nor static: " + policy);
}

Result<std::vector<std::string>> sysctls_of(const std::string& value) {
  std::vector<std::string> patterns;
  for (const auto word : text::split(value, ',')) {
    if (const auto why = api::check_sysctl_pattern(word); !why.empty())
      return fail(Code::kInvalidArgument, "read option", "--allowed-unsafe-sysctls",
                  std::string(word) + ": " + why);
    patterns.emplace_back(word);
  }
  return patterns;
}

constexpr std::array<std::string_view, 7> kValued{"--root",
                                                  "--helpers",
                                                  "--ready-fd",
                                                  "--max-pods",
                                                  "--reserved-cpus",
                                                  "--cpu-manager-policy",
                                                  "--allowed-unsafe-sysctls"};

Result<Arguments> parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    if (name == "--foreground" || name == "--systemd") {
      (name == "--systemd" ? arguments.systemd : arguments.foreground) = true;
      continue;
    }
    if (name == "--no-ready-sandbox") {
      arguments.ready_sandbox = false;
      continue;
    }
    if (name == "--memory-qos") {
      arguments.memory_qos = true;
      continue;
    }
    if (std::ranges::find(kValued, name) == kValued.end()) {
      return fail(Code::kInvalidArgument, "read option", words[i], "unknown option");
    }
    if (equals == std::string::npos && i + 1 == words.size()) {
      return fail(Code::kInvalidArgument, "read option", name, "it needs a value");
    }
    const std::string value =
        equals != std::string::npos ? words[i].substr(equals + 1) : words[++i];
    if (name == "--root") arguments.root = value;
    if (name == "--helpers") arguments.helpers = value;
    if (name == "--max-pods") arguments.max_pods = TRY(pods_of(value));
    if (name == "--cpu-manager-policy") arguments.static_cpus = TRY(static_of(value));
    if (name == "--reserved-cpus") arguments.reserved_cpus = value;
    if (name == "--allowed-unsafe-sysctls") {
      for (auto& pattern : TRY(sysctls_of(value))) arguments.unsafe_sysctls.push_back(pattern);
    }
    if (name != "--ready-fd") continue;
    const auto fd = text::parse_u64(value);
    if (!fd || *fd > 1024)
      return fail(Code::kInvalidArgument, "read option", name, "no descriptor: " + value);
    arguments.ready_fd = static_cast<int>(*fd);
  }
  return arguments;
}

std::string own_directory() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

// Beside the program (a build tree), else where cmake --install puts them.
std::string find_helpers(const Arguments& arguments) {
  if (!arguments.helpers.empty()) return arguments.helpers;
  const std::string own = own_directory();
  for (const auto& directory : {own, own + "/../libexec/podctl", own + "/../lib/podctl"}) {
    if (::access((directory + "/podctl-shim").c_str(), X_OK) == 0) return directory;
  }
  return own;
}

std::string find_embedded_image() {
  const std::string own = own_directory();
  for (const auto& path :
       {own + "/../images/busybox.tar", own + "/../share/podctl/images/busybox.tar",
        own + "/../../share/podctl/images/busybox.tar",
        std::string("/usr/share/podctl/images/busybox.tar")}) {
    if (::access(path.c_str(), R_OK) == 0) return path;
  }
  return {};
}

constexpr std::chrono::milliseconds kEndingBound{10'000}, kEndingStep{10};
constexpr std::chrono::milliseconds kFailedBound{10'000};  // for whoever had it started to ask

Result<void> make_run_directory(const Layout& layout) {
  std::error_code error;
  std::filesystem::create_directories(layout.run(), error);
  if (error) return fail_errno(error.value(), "make directory", layout.run());
  return {};
}

bool same_file(int fd, const std::string& path) {
  struct stat held {
  }, named{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

// One podctld a root: the lock is held for life. Who holds it and does not listen is at its end:
// that is waited for. A reset removes the file, so what was locked must still be what is named.
Result<UniqueFd> take_lock(const Layout& layout) {
  const std::string path = layout.lock();
  const auto deadline = std::chrono::steady_clock::now() + kEndingBound;
  for (;;) {
    TRY(make_run_directory(layout));
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return fail_errno(errno, "open lock", path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      if (!same_file(fd.get(), path)) continue;
      if (::ftruncate(fd.get(), 0) != 0 || ::dprintf(fd.get(), "%d\n", ::getpid()) < 0)
        return fail_errno(errno, "write lock", path);
      return fd;
    }
    if (errno != EWOULDBLOCK) return fail_errno(errno, "take lock", path);
    if (somebody_listens(layout.socket()) || std::chrono::steady_clock::now() > deadline) {
      char holder[32] = {};
      (void)!::pread(fd.get(), holder, sizeof holder - 1, 0);
      return fail(Code::kConflict, "take lock", path,
                  "another podctld serves this root" +
                      (*holder == '\0' ? std::string()
                                       : ": process " + std::string(text::trim(holder)) +
                                             "; if it does not answer, end that"));
    }
    std::this_thread::sleep_for(kEndingStep);
  }
}

// sd_listen_fds(3): the socket unit's descriptor is 3 when LISTEN_PID names us. Asked before the
// environment is cleaned.
bool socket_is_handed() {
  const char* pid = ::getenv("LISTEN_PID");
  const char* fds = ::getenv("LISTEN_FDS");
  return pid != nullptr && fds != nullptr &&
         text::parse_u64(pid) == static_cast<std::uint64_t>(::getpid()) &&
         text::parse_u64(fds).value_or(0) >= 1;
}

Result<UniqueFd> listening_socket(const Arguments& arguments, const Layout& layout) {
  if (arguments.handed) {
    UniqueFd fd(3);
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    return fd;
  }
  if (arguments.systemd) {
    return fail(Code::kFailedPrecondition, "take socket", "LISTEN_FDS",
                "no socket was handed over by systemd");
  }
  return bind_socket(layout.socket());
}

void clean_environment() {
  const char* keep_root = ::getenv("PODCTL_ROOT");
  const std::string root = keep_root == nullptr ? "" : keep_root;
  const bool quiet = ::clearenv() == 0;
  if (quiet) ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  if (!root.empty()) ::setenv("PODCTL_ROOT", root.c_str(), 1);
}

void tell_ready(int fd, const Log& log) {
  if (fd < 0) return;
  const char byte = '\n';
  if (::write(fd, &byte, 1) != 1) log.warn("the starter has gone");
  ::close(fd);
}

// Those of the options that decide what becomes of pods, but for the defaults.
std::vector<std::string> chosen_words(const Arguments& arguments) {
  std::vector<std::string> words;
  if (!arguments.ready_sandbox) words.emplace_back("--no-ready-sandbox");
  if (arguments.memory_qos) words.emplace_back("--memory-qos");
  if (arguments.static_cpus) {
    words.insert(words.end(), {"--cpu-manager-policy", *arguments.static_cpus ? "static" : "none"});
  }
  if (!arguments.reserved_cpus.empty())
    words.insert(words.end(), {"--reserved-cpus", arguments.reserved_cpus});
  if (!arguments.unsafe_sysctls.empty()) {
    words.insert(words.end(),
                 {"--allowed-unsafe-sysctls", text::join(arguments.unsafe_sysctls, ",")});
  }
  if (arguments.max_pods != node::kMaxPods)
    words.insert(words.end(), {"--max-pods", std::to_string(arguments.max_pods)});
  return words;
}

std::string options_file(const Layout& layout) { return layout.run() + "/podctld.options"; }

// Who starts podctld again after it was killed may be any command, which knows none of its options:
// one that is started without goes on with those of the one that could not say goodbye. Under
// systemd the unit has them.
// Whether it did.
bool inherit(Arguments& arguments, const Layout& layout) {
  if (arguments.handed || !chosen_words(arguments).empty()) return false;
  const auto left = node::read_small_file(options_file(layout));
  std::vector<std::string> words;
  for (const auto word : text::split(left, '\n')) {
    if (!word.empty()) words.emplace_back(word);
  }
  const auto before = parse_arguments(words);
  if (!before || words.empty()) return false;  // of another version
  arguments.ready_sandbox = before->ready_sandbox;
  arguments.memory_qos = before->memory_qos;
  arguments.static_cpus = before->static_cpus;
  arguments.reserved_cpus = before->reserved_cpus;
  arguments.unsafe_sysctls = before->unsafe_sysctls;
  arguments.max_pods = before->max_pods;
  return true;
}

Result<void> leave_options(const Arguments& arguments, const Layout& layout) {
  const auto words = chosen_words(arguments);
  if (words.empty()) {
    ::unlink(options_file(layout).c_str());
    return {};
  }
  return sys::write_file(options_file(layout), text::join(words, "\n"), 0600);
}

// How a shim brings podctld back when it vanished without a bye.
std::vector<std::string> restart_command(const Arguments& arguments, const Layout& layout,
                                         const std::string& helpers) {
  if (arguments.handed) return {};  // systemd restarts its own service
  std::error_code error;
  std::vector<std::string> words{std::filesystem::read_symlink("/proc/self/exe", error).string()};
  if (!layout.root().empty()) words.insert(words.end(), {"--root", layout.root()});
  words.insert(words.end(), {"--helpers", helpers});
  const auto chosen = chosen_words(arguments);
  words.insert(words.end(), chosen.begin(), chosen.end());
  return words;
}

class Daemon {
 public:
  Daemon(Arguments arguments, Layout layout, Log& log)
      : arguments_(std::move(arguments)), layout_(std::move(layout)), log_(log) {}

  Result<void> run() {
    TRY(claim_root(layout_));
    lock_ = TRY(take_lock(layout_));
    TRY(claim_root(layout_));  // a reset may have removed the mark meanwhile
    inherited_ = inherit(arguments_, layout_);
    if (!arguments_.foreground) log_.to_file(layout_.run() + "/podctld.log");
    auto socket = TRY(listening_socket(arguments_, layout_));
    const std::string helpers = find_helpers(arguments_);
    node::Node::Options options{
        layout_,
        {helpers, restart_command(arguments_, layout_, helpers), arguments_.handed,
         arguments_.ready_sandbox ? node::new_uuid : nullptr},
        find_embedded_image(),
        [this](const std::string& text) { log_.warn(text); },
        arguments_.max_pods,
        arguments_.static_cpus,
        arguments_.reserved_cpus,
        arguments_.memory_qos,
        arguments_.unsafe_sysctls};
    const engine::Options engine = options.engine;
    await_signals();
    auto node = node::Node::open(io_, std::move(options));
    if (!node) return explain(std::move(node).error(), engine, std::move(socket));
    node_ = std::move(*node);
    api_ = std::make_unique<Api>(*node_, [this](bool reset) { end_soon(reset); });
    node_->start([this, &socket](Result<void> ready) {
      if (ready) ready = leave_options(arguments_, layout_);
      if (!ready) {
        failure_ = std::move(ready).error();
        return io_.stop();
      }
      serve(std::move(socket),
            [this](std::shared_ptr<Exchange> exchange) { api_->handle(std::move(exchange)); });
    });
    run_loop();
    if (failure_) return explain(*failure_, engine, std::move(socket));
    return finish();
  }

 private:
  // What nobody has caught is a fault of podctld's own: its log is to say of what it died.
  void run_loop() {
    try {
      io_.run();
    } catch (const std::exception& fault) {
      log_.error(std::string("podctld ends by a fault of its own: ") + fault.what());
      throw;
    }
  }

  // What cannot be opened can be told of and removed, by whoever asks. A shim that wants its
  // podctld back does not ask.
  Result<void> explain(Error why, engine::Options options, UniqueFd socket) {
    api_.reset();
    node_.reset();
    // The next one shall not fail of them too.
    if (inherited_) ::unlink(options_file(layout_).c_str());
    if (arguments_.ready_fd < 0 && !arguments_.handed) return Failure(std::move(why));
    log_.error(why.message());
    io_.restart();
    options.new_uid = nullptr;
    failed_ = std::make_unique<Failed>(io_, layout_, std::move(options), std::move(why),
                                       [this](bool reset) { end_soon(reset); });
    end_after(kFailedBound);
    serve(std::move(socket),
          [this](std::shared_ptr<Exchange> exchange) { failed_->handle(std::move(exchange)); });
    run_loop();
    return finish();
  }

  Result<void> finish() {
    listener_.reset();
    node_.reset();  // a bye to every shim: pods live on
    failed_.reset();
    ::unlink(options_file(layout_).c_str());
    log_.info("podctld ends");
    if (reset_) remove_run_files();
    lock_.reset();  // before the connections, whose end tells a client that we are gone
    return {};
  }

  void serve(UniqueFd socket, Handler handler) {
    Listener::Options options{layout_.lib() + "/uploads", is_upload,
                              [this](const std::string& text) { log_.warn(text); }};
    listener_ =
        std::make_unique<Listener>(io_, std::move(socket), std::move(options), std::move(handler));
    log_.info("podctld serves " + layout_.socket());
    tell_ready(arguments_.ready_fd, log_);
  }

  void await_signals() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      log_.info("signal " + std::to_string(signal));
      io_.stop();
    });
  }

  // After the answer has been written. Nobody new is served: it would be lost.
  void end_soon(bool reset) {
    reset_ = reset;
    if (listener_) listener_->stop();
    end_after(std::chrono::milliseconds(50));
  }

  void end_after(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) io_.stop();
    });
  }

  // What engine and node have left of the run-time state is ours; the lock goes last.
  void remove_run_files() {
    if (!arguments_.handed) ::unlink(layout_.socket().c_str());
    ::unlink((layout_.run() + "/podctld.log").c_str());
    ::unlink(layout_.lock().c_str());
    ::rmdir(layout_.run().c_str());
  }

  Arguments arguments_;
  Layout layout_;
  Log& log_;
  UniqueFd lock_;
  bool inherited_ = false;  // options of one that was killed
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  asio::steady_timer timer_{io_};
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Failed> failed_;
  std::unique_ptr<Listener> listener_;
  std::optional<Error> failure_;
  bool reset_ = false;
};

// One heap for all threads, since the workers are few and mostly wait for the disk: what one frees
// the next can use, and what is free at the end goes back to the kernel. Left to itself, glibc gave
// the workers 4 MiB of arenas of their own and raised its own bounds after each long list.
void tune_heap() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

Result<void> prepare(const Arguments& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  ::umask(022);
  if (!arguments.foreground) ::setsid();  // fails harmlessly when a spawner has done it
  if (::chdir("/") != 0) return fail_errno(errno, "change directory", "/");
  return {};
}

}  // namespace

int run_daemon(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (std::find(words.begin(), words.end(), "--help") != words.end()) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  auto parsed = parse_arguments(words);
  if (!parsed) {
    std::fprintf(stderr, "podctld: %s\n%s", parsed.error().message().c_str(), kUsage);
    return 2;
  }
  Arguments arguments = std::move(*parsed);
  arguments.handed = socket_is_handed();
  const Layout layout = Layout::from(arguments.root);
  tune_heap();
  Log log;
  auto done = prepare(arguments);
  if (done) {
    clean_environment();
    done = Daemon(arguments, layout, log).run();
  }
  if (done) return 0;
  log.error(done.error().message());
  std::fprintf(stderr, "podctld: %s\n", done.error().message().c_str());
  return 1;
}

}  // namespace podctl::server

int main(int argc, char** argv) { return podctl::server::run_daemon(argc, argv); }
