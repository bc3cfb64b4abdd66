#include "podctl/cli/daemon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <vector>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

constexpr std::int64_t kStartBound = 60'000'000'000;  // ns
constexpr int kReadyFd = 3;

std::string own_directory() {
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string_view exe(path.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  return std::string(exe.substr(0, exe.rfind('/')));
}

struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

// The daemon gets a session of its own, /dev/null as its terminal, default signals, and of our
// descriptors only the ready pipe.
Result<pid_t> spawn_daemon(const std::string& program, const Layout& layout, int ready,
                           int errors) {
  SpawnPlan plan;
  ::posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&plan.actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&plan.actions, errors, 2);
  ::posix_spawn_file_actions_adddup2(&plan.actions, ready, kReadyFd);
  ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, kReadyFd + 1);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setflags(&plan.attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words = {program};
  if (!layout.root().empty()) {
    words.emplace_back("--root");
    words.push_back(layout.root());
  }
  words.emplace_back("--ready-fd");
  words.push_back(std::to_string(kReadyFd));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* env[] = {path, nullptr};
  pid_t pid = -1;
  const int err =
      ::posix_spawn(&pid, program.c_str(), &plan.actions, &plan.attributes, argv.data(), env);
  if (err != 0) return fail_errno(err, "start", program);
  return pid;
}

// What podctld says until it serves: one word on the ready pipe, or why not on stderr, then its
// end.
struct Opening {
  bool ready = false;
  bool timed_out = false;
  std::string errors;
};

void take(int fd, std::string& text, bool& open) {
  std::array<char, 4096> block{};
  const ssize_t n = ::read(fd, block.data(), block.size());
  if (n > 0) text.append(block.data(), static_cast<std::size_t>(n));
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) open = false;
}

Opening watch_opening(int ready, int errors) {
  Opening opening;
  std::string word;
  const std::int64_t deadline = monotonic_ns() + kStartBound;
  bool ready_open = true, errors_open = true;
  while (ready_open) {
    const std::int64_t left = (deadline - monotonic_ns()) / 1'000'000;
    if (left <= 0) {
      opening.timed_out = true;
      return opening;
    }
    std::array<pollfd, 2> fds{{{ready, POLLIN, 0}, {errors_open ? errors : -1, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0) continue;
    if (fds[1].revents != 0) take(errors, opening.errors, errors_open);
    if (fds[0].revents != 0) take(ready, word, ready_open);
    if (!word.empty()) {
      opening.ready = true;
      return opening;
    }
  }
  // It ended: take the rest of what it said.
  while (errors_open && opening.errors.size() < 4096) take(errors, opening.errors, errors_open);
  return opening;
}

Result<Client> connect_until(const Layout& layout, std::int64_t deadline) {
  for (;;) {
    auto client = Client::connect(layout.socket());
    if (client) return client;
    const Code code = client.error().code;
    if ((code != Code::kUnavailable && code != Code::kNotFound) || monotonic_ns() > deadline)
      return client;
    const std::timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

Result<Client> start(const Layout& layout) {
  if (::geteuid() != 0) {
    return fail(Code::kPermissionDenied, "start podctld", {},
                "it needs root: run podctl with sudo, or have the service started");
  }
  const std::string program = TRY(find_helper("podctld"));
  std::array<int, 2> ready{}, errors{};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0) return fail_errno(errno, "make a pipe", {});
  UniqueFd ready_read(ready[0]), ready_write(ready[1]);
  if (::pipe2(errors.data(), O_CLOEXEC) != 0) return fail_errno(errno, "make a pipe", {});
  UniqueFd errors_read(errors[0]), errors_write(errors[1]);
  // The targets of dup2 must not be among the sources.
  ready_write = UniqueFd(::fcntl(ready_write.get(), F_DUPFD_CLOEXEC, kReadyFd + 1));
  errors_write = UniqueFd(::fcntl(errors_write.get(), F_DUPFD_CLOEXEC, kReadyFd + 1));
  const pid_t pid = TRY(spawn_daemon(program, layout, ready_write.get(), errors_write.get()));
  ready_write.reset();
  errors_write.reset();
  const Opening opening = watch_opening(ready_read.get(), errors_read.get());
  if (opening.timed_out)
    return fail(Code::kTimedOut, "start", program,
                "not ready after 60 s; see " + layout.run() + "/podctld.log");
  if (opening.ready) return connect_until(layout, monotonic_ns() + 1'000'000'000);
  int status = 0;
  ::waitpid(pid, &status, 0);
  // Another command's daemon may have won the lock.
  auto client = connect_until(layout, monotonic_ns() + 2'000'000'000);
  if (client) return client;
  std::string why(text::trim(opening.errors));
  if (why.empty()) why = "it ended at once; see " + layout.run() + "/podctld.log";
  return fail(Code::kUnavailable, "start", program, why);
}

}  // namespace

Result<std::string> find_helper(const std::string& name) {
  const std::string here = own_directory();
  for (const std::string& place : {here, here + "/../libexec/podctl", here + "/../sbin"}) {
    const std::string path = place + "/" + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return fail(Code::kNotFound, "find", name,
              "it is neither in " + here + " nor in ../libexec/podctl or ../sbin");
}

Result<Client> connect_or_start(const Layout& layout) {
  auto client = Client::connect(layout.socket());
  if (client) return client;
  if (client.error().code == Code::kPermissionDenied) {
    return fail(Code::kPermissionDenied, "connect to", layout.socket(),
                "only root and the group podctl may; use sudo or join the group");
  }
  if (client.error().code != Code::kNotFound && client.error().code != Code::kUnavailable)
    return client;
  return start(layout);
}

Result<std::pair<Client, Reply>> ask_or_start(const Layout& layout, const Request& request) {
  for (int left = kReconnects;; --left) {
    auto client = TRY(connect_or_start(layout));
    auto reply = client.request(request);
    if (reply) return std::pair(std::move(client), std::move(*reply));
    const bool harmless = never_read(reply.error()) ||
                          (request.method == "GET" && reply.error().code == Code::kUnavailable);
    if (!harmless || left == 0) return Failure(std::move(reply).error());
  }
}

}  // namespace podctl::cli
