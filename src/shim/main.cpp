// podctl-shim UID ROOT: the hands of one pod. Started by podctld with two descriptors:
//   3  the connection (SOCK_SEQPACKET)   4  podctl-pause, a sealed memfd; as is the shim's own
//   program
// ROOT is podctl's root directory, empty for the system's places. Not meant to be started by hand.
//
// podctl-shim --try-user-namespace DIRECTORY: whether a pod could have one here; for doctor. It
// says on stdout why not, and exits with 1 then.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "podctl/base/text.hpp"
#include "podctl/runtime/user_namespace.hpp"
#include "podctl/sys/process.hpp"
#include "shim/line_log.hpp"
#include "shim/shim.hpp"

namespace podctl::shim {
namespace {

constexpr int kConnection = 3, kPause = 4;
constexpr int kDescriptors = 512;  // more than a pod's start has open at once

// Only SIGKILL ends a shim; SIGCHLD is read from a descriptor.
void set_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM}) {
    ::signal(signal, SIG_IGN);
  }
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
}

// The kubelet gives its own helpers -999; refused without CAP_SYS_RESOURCE, and then we stay as we
// are.
void protect_from_oom() {
  const UniqueFd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (fd) {
    [[maybe_unused]] const ssize_t n = ::write(fd.get(), "-999", 4);
  }
}

// A table of descriptors that grows while threads share it waits for an RCU grace period, 5 to 15
// ms amid a start (fs/file.c, expand_fdtable); before the first thread it waits for nothing.
void make_room_for_descriptors() {
  const UniqueFd last(::fcntl(kConnection, F_DUPFD_CLOEXEC, kDescriptors - 1));
}

Result<void> run(std::string uid, std::string_view root) {
  if (!text::valid_id(uid)) return fail(Code::kInvalidArgument, "start shim", uid, "bad uid");
  if (!root.empty() && root.front() != '/') {
    return fail(Code::kInvalidArgument, "start shim", std::string(root), "root is not absolute");
  }
  // Executed from a memfd, whose name is what ps would show.
  ::prctl(PR_SET_NAME, "podctl-shim");
  ::umask(022);
  set_signals();
  if (::chdir("/") != 0) return fail_errno(errno, "change directory", "/");
  ::setsid();  // EPERM: we lead a session already
  TRY(sys::become_subreaper());
  TRY(sys::set_undumpable());
  protect_from_oom();
  for (const int fd : {kConnection, kPause}) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return fail_errno(errno, "take descriptor", {});
  }
  make_room_for_descriptors();
  // While it works the heap only grows: memory given back comes again by a page fault each 4 KiB.
  // What is left over goes when it rests (Shim::rest_soon).
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  ::mallopt(M_TOP_PAD, 256 << 10);
  ::mallopt(M_ARENA_MAX, 1);  // the threads of sys::Borrower have nothing to allocate
  auto loop = TRY(Loop::make());
  Shim shim(loop, Layout(std::string(root)), std::move(uid), {.pause = kPause});
  TRY(shim.open(wire::Socket(UniqueFd(kConnection))));
  return loop.run();
}

int try_user_namespace(const char* directory) {
  const auto done = runtime::try_user_namespace(directory);
  if (done) return 0;
  const std::string why = done.error().message();
  [[maybe_unused]] const ssize_t n = ::write(STDOUT_FILENO, why.data(), why.size());
  return 1;
}

}  // namespace
}  // namespace podctl::shim

int main(int argc, char** argv) {
  if (argc != 3) {
    podctl::shim::log("usage: podctl-shim UID ROOT (podctld starts it)");
    return 2;
  }
  if (std::string_view(argv[1]) == "--try-user-namespace")
    return podctl::shim::try_user_namespace(argv[2]);
  if (auto done = podctl::shim::run(argv[1], argv[2]); !done) {
    podctl::shim::log("podctl-shim", done.error());
    return 1;
  }
  return 0;
}
