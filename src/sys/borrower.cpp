#include "podctl/sys/borrower.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>

#include "podctl/sys/process.hpp"
#include "sys/clone.hpp"
#include "sys/loan.hpp"

namespace podctl::sys {
namespace {

struct Job {
  const CopySpec& spec;
  const Work& work;
};

// abort(3) takes a lock, which would stay with a borrower that has died of it, in memory of ours.
void leave_instead_of_abort() {
  std::set_terminate([] {
    if (borrowed::living()) ::_exit(borrowed::kBorrowerGaveUp);
    std::abort();
  });
}

}  // namespace

bool Borrower::available() { return kShare != 0 && borrowed::available(); }

Borrower::Borrower(borrowed::Loan* loan, CopySpec spec, Work work, std::vector<UniqueFd> fds)
    : loan_(loan), spec_(std::move(spec)), work_(std::move(work)), fds_(std::move(fds)) {}

Result<std::unique_ptr<Borrower>> Borrower::begin(CopySpec spec, Work work,
                                                  std::vector<UniqueFd> fds) {
  borrowed::Loan* loan = borrowed::lend();
  if (loan == nullptr) return fail(Code::kExhausted, "lend memory", {}, "all of it is lent");
  leave_instead_of_abort();
  std::unique_ptr<Borrower> made(
      new Borrower(loan, std::move(spec), std::move(work), std::move(fds)));
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstack(&attributes, loan->thread_stack(), borrowed::kThreadStack);
  const int err = ::pthread_create(&made->thread_, &attributes, thread, made.get());
  ::pthread_attr_destroy(&attributes);
  if (err != 0) {
    made->joined_ = made->over_ = true;
    borrowed::take_back(loan);
    return fail_errno(err, "make thread", {});
  }
  return made;
}

Borrower::~Borrower() {
  if (child_taken_) return;
  kill();
  wait();
  if (pid_ < 0) return;
  const UniqueFd pidfd(pidfd_);
  (void)wait_child(pidfd.get(), true);
}

// Nothing in here may allocate: at any moment the program may be copied (spawn_copy), and in the
// copy nobody would let go of malloc's lock.
void* Borrower::thread(void* self) {
  static_cast<Borrower*>(self)->make();
  return nullptr;
}

void Borrower::make() {
  borrowed::live_on(loan_);
  const Job job{spec_, work_};
  const auto run = [](const void* p) {
    const auto* job = static_cast<const Job*>(p);
    ::_exit(job->work(enter_copy(job->spec)));
  };
  static_assert(sizeof(pidfd_) == sizeof(int) && sizeof(pid_) == sizeof(pid_t));
  auto args = child_args(CLONE_PARENT_SETTID | kShare | CLONE_VFORK | spec_.namespaces,
                         spec_.cgroup, reinterpret_cast<int*>(&pidfd_));
  args.parent_tid = reinterpret_cast<std::uint64_t>(&pid_);
  {
    const SignalsBlocked blocked;
    if (clone_onto(args, loan_->stack(), borrowed::kStack, run, &job) < 0) error_ = errno;
  }
  for (UniqueFd& fd : fds_) fd.reset();
  over_ = true;
}

void Borrower::kill() {
  using namespace std::chrono_literals;
  while (pid_ < 0 && !over_) std::this_thread::sleep_for(100us);  // it is about to be made
  if (pid_ >= 0) (void)send_signal(pidfd_, SIGKILL);
}

bool Borrower::ended() const {
  pollfd end{.fd = pidfd_, .events = POLLIN, .revents = 0};
  return pid_ >= 0 && ::poll(&end, 1, 0) > 0;
}

void Borrower::wait() {
  if (joined_) return;
  ::pthread_join(thread_, nullptr);
  joined_ = true;
  borrowed::take_back(loan_);
  // A change of user has set it anew (fs.suid_dumpable), for the memory, which is ours.
  (void)set_undumpable();
}

Result<Child> Borrower::join() {
  wait();
  child_taken_ = true;
  if (error_ != 0) return fail_errno(error_, "clone process", {});
  return Child{pid_, UniqueFd(pidfd_)};
}

}  // namespace podctl::sys
