// A process on its way into a container: a copy of the shim that runs init, and has not yet
// executed the workload.
//
// Used by the shim, whose loop goes on meanwhile: several containers start at once, and no hostile
// container can hold the shim up. Single thread, never blocks after begin(). A Launch that is
// dropped before its end kills and reaps what it spawned.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/runtime/trace.hpp"
#include "podctl/sys/spawn.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::runtime {

// The workload's ends, borrowed; -1 is /dev/null. Unused with a tty.
struct Stdio {
  int in = -1, out = -1, err = -1;
};

// The PID namespace of the workload: a new one, another process's, or else our own.
struct PidNamespace {
  bool fresh = false;
  int of = -1;  // pidfd
};

// How init gets memory. A copy of ours costs milliseconds, and we go on at once. A borrower
// (sys/borrowed.hpp) holds us until it has executed: only for one that nobody can hold up, neither
// by a signal nor by a cgroup that hardly lets it run.
enum class Memory { kCopied, kBorrowed };

class Launch {
 public:
  // `process`: pidfd of pause, or for an exec of the container's main process; borrowed.
  static Result<std::unique_ptr<Launch>> begin(const cgroup::Group& group,
                                               const wire::LaunchRequest& request, Stdio stdio,
                                               int process, PidNamespace pid, Memory memory,
                                               Trace& trace);
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;
  ~Launch();

  // Readable when advance() has something to do.
  int fd() const { return socket_.fd(); }
  const sys::Child& process() const { return process_; }
  // True: the workload has been executed. An error: it was not, and nothing of it runs any more.
  Result<bool> advance(Trace& trace);

  // Once executed.
  wire::LaunchReady& ready() { return ready_; }
  sys::Child take_process();
  UniqueFd take_terminal() { return std::move(terminal_); }

 private:
  Launch(std::string name, sys::Child process, wire::Socket socket)
      : name_(std::move(name)), process_(std::move(process)), socket_(std::move(socket)) {}
  Result<bool> take(wire::Message message);
  void discard();

  std::string name_;  // of the container that starts, for the trace
  sys::Child process_;
  wire::Socket socket_;
  std::uint64_t ready_ns_ = 0;  // when init said that it is ready; 0: not yet
  wire::LaunchReady ready_;
  UniqueFd terminal_;
};

}  // namespace podctl::runtime
