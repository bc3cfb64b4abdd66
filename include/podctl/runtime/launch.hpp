// A process on its way into a container: a copy of the shim that runs init, and has not yet
// executed the workload.
//
// Used by the shim, whose loop goes on meanwhile: several containers start at once, and no hostile
// container can hold the shim up. One thread calls, and waits only for what has ended or was
// killed. A Launch that is dropped before its end kills and reaps what it spawned.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cgroup/tree.hpp"
#include "podctl/init/init.hpp"
#include "podctl/runtime/trace.hpp"
#include "podctl/sys/borrower.hpp"
#include "podctl/wire/launch.hpp"
#include "podctl/wire/socket.hpp"

namespace podctl::runtime {

// The workload's ends, borrowed; -1 is /dev/null. Unused with a tty. `program`: what an exec with
// ExecSpec::brought executes.
struct Stdio {
  int in = -1, out = -1, err = -1;
  int program = -1;
};

// The PID namespace of the workload: a new one, another process's, or else our own.
struct PidNamespace {
  bool fresh = false;
  int of = -1;  // pidfd
};

// What it enters, as descriptors; borrowed.
struct Places {
  int process = -1;  // pidfd of pause, or for an exec of the container's main process
  int mounts = -1;   // the mount namespace with the pod's volumes, where pause is in no such one
  int stage = -1;    // of the pod; for a container
  int users = -1;    // the pod's own user namespace
};

// How init gets memory. A copy of ours costs milliseconds. A borrower (sys/borrower.hpp) shares our
// fate where it is killed by want of memory or allocates by malloc; when all are lent it is a
// copy all the same.
enum class Memory { kCopied, kBorrowed };

// In the child, with its end of a socket pair to us: the exit code.
using Work = std::function<int(Result<void> entered, int answers)>;

class Launch {
 public:
  static Result<std::unique_ptr<Launch>> begin(const cgroup::Group& group,
                                               wire::LaunchRequest request, Stdio stdio,
                                               Places places, PidNamespace pid, Memory memory,
                                               Trace& trace);
  // One that is made before its container, which will be alone in a new PID namespace: it borrows,
  // does what `known` (init::wait_and_run) is enough for, and waits for go().
  static Result<std::unique_ptr<Launch>> wait(const cgroup::Group& group, wire::LaunchRequest known,
                                              Stdio stdio, Places places);
  // An error: it has ended, or could not do its part. Dropped, it leaves nothing.
  Result<void> go(wire::LaunchRequest request);
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;
  ~Launch();

  // Readable when advance() has something to do.
  int fd() const { return socket_.fd(); }
  // -1: there is none yet, or any more. That of the process which executes, once it is known.
  pid_t pid() const { return borrower_ ? borrower_->pid() : process_.pid; }
  // For a workload in somebody else's PID namespace: learns of the process that executes, if it has
  // been handed over to; before a child's number is given back.
  void look(Trace& trace);
  // True: the workload has been executed. An error: it was not, and nothing of it runs any more.
  Result<bool> advance(Trace& trace);
  // The process has ended: what advance() can learn of it is there, though the socket may yet be
  // open in a child that was cloned meanwhile. The next advance() is the last.
  Result<void> ended(Trace& trace);

  // Once executed.
  wire::LaunchReady& ready() { return ready_; }
  sys::Child take_process();
  UniqueFd take_terminal() { return std::move(terminal_); }

 private:
  explicit Launch(std::string name) : name_(std::move(name)) {}
  Result<void> borrow(const cgroup::Group& group, std::vector<UniqueFd> fds, const Work& work);
  Result<void> give_memory_back(Trace& trace);
  Result<bool> take(wire::Message message);
  Result<void> take_over(std::vector<UniqueFd>& fds);
  void reap_first();
  Result<std::optional<wire::Message>> next_answer(Trace& trace);
  Result<void> discard();  // an error: it could not even be made

  std::string name_;  // of the container that starts, for the trace
  // The request of one that waited, in memory that it shares; both as long as it may look there.
  std::unique_ptr<const wire::LaunchRequest> request_;
  std::unique_ptr<init::Handover> handover_;
  std::unique_ptr<sys::Borrower> borrower_;
  std::uint64_t borrowing_since_ns_ = 0;
  bool ended_ = false;
  bool joins_ = false;  // another process's PID namespace: a first process hands over to a second
  sys::Child first_;    // that handed over
  sys::Child process_;  // once nothing is borrowed any more
  wire::Socket socket_;
  std::optional<Error> failed_;  // look() has met it
  std::uint64_t ready_ns_ = 0;   // when init said that it is ready; 0: not yet
  wire::LaunchReady ready_;
  UniqueFd terminal_;
};

}  // namespace podctl::runtime
