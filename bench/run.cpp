#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "contender.hpp"

namespace bench {
namespace {

// A mount namespace in which the bare cgroup2 of a hybrid layout is hidden; made once and kept by its
// descriptor, because podman finds its own mounts again from one command to the next.
int hidden_namespace() {
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0) std::abort();
  const pid_t holder = ::fork();
  if (holder == 0) {
    const bool hidden = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        ::mount("none", "/sys/fs/cgroup/unified", "tmpfs", 0, nullptr) == 0;
    if (!hidden || ::write(ready[1], "x", 1) != 1) std::_Exit(1);
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char byte = 0;
  const bool made = ::read(ready[0], &byte, 1) == 1;
  const int fd = ::open(("/proc/" + std::to_string(holder) + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC);
  ::close(ready[0]);
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  if (!made || fd < 0) {
    std::fprintf(stderr, "bench: cannot hide the bare cgroup2 from crun and podman\n");
    std::exit(1);
  }
  return fd;
}

[[noreturn]] void child(const std::vector<std::string>& argv, int in, int out, int err, int mounts) {
  if (mounts >= 0 && ::setns(mounts, CLONE_NEWNS) != 0) std::_Exit(126);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::close_range(3, ~0U, 0);
  std::vector<char*> args;
  for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
  args.push_back(nullptr);
  ::execvp(args[0], args.data());
  std::_Exit(127);
}

int memory_file(const std::string& content) {
  const int fd = ::memfd_create("bench", MFD_CLOEXEC);
  if (::write(fd, content.data(), content.size()) < 0 || ::lseek(fd, 0, SEEK_SET) < 0) std::abort();
  return fd;
}

std::string content_of(int fd) {
  std::string out;
  char buffer[65536];
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

}  // namespace

void run(const std::vector<std::string>& argv, const std::string& input, std::string* output, bool hybrid_hidden) {
  // Memory files rather than pipes: a daemon that keeps one open must not hold up the bench.
  const int in = memory_file(input);
  const int out = memory_file({});
  const int err = memory_file({});
  static const bool hybrid = ::access("/sys/fs/cgroup/unified", F_OK) == 0;
  static const int hidden = hybrid ? hidden_namespace() : -1;
  const pid_t pid = ::fork();
  if (pid == 0) child(argv, in, out, err, hybrid_hidden ? hidden : -1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) {
    std::string line;
    for (const auto& arg : argv) line += arg + " ";
    std::fprintf(stderr, "bench: %sended with status %d: %s\n", line.c_str(), status, content_of(err).c_str());
    std::exit(1);
  }
  if (output != nullptr) *output = content_of(out);
  ::close(in);
  ::close(out);
  ::close(err);
}

}  // namespace bench
