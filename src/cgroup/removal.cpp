// Ending a group: kill, wait, remove, and who is in it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cgroup/tree_state.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cgroup/tree.hpp"

namespace podctl::cgroup {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

int left(Clock::time_point end) {
  const auto rest = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(rest, 0));
}

Result<std::vector<pid_t>> procs_in(int root, const std::string& path) {
  std::vector<pid_t> pids;
  auto read = read_at(root, joined(path, "cgroup.procs"));
  if (!read && (read.error().code == Code::kNotFound)) return pids;
  const std::string content = TRY(std::move(read));
  for (std::string_view line : text::split(content, '\n')) {
    // 0 is a process of another PID namespace: nobody here can name it.
    if (auto pid = text::parse_u64(line); pid && *pid != 0)
      pids.push_back(static_cast<pid_t>(*pid));
  }
  return pids;
}

Result<void> collect(TreeState& tree, TreeState::Place& place, const std::string& path, bool below,
                     std::vector<pid_t>& out) {
  auto root = tree.root(place, false);
  if (!root) return {};
  const auto here = TRY(procs_in(*root, path));
  out.insert(out.end(), here.begin(), here.end());
  if (!below) return {};
  for (const std::string& name : TRY(tree.children(place, path))) {
    TRY(collect(tree, place, joined(path, name), true, out));
  }
  return {};
}

// cgroup.events tells by POLLPRI when "populated" changes (cgroup-v2.rst, "[Un]populated
// Notification").
Result<bool> wait_unpopulated(int dir, Clock::time_point end) {
  auto events = open_at(dir, "cgroup.events", O_RDONLY);
  if (!events) return true;
  for (;;) {
    char text[128];
    const ssize_t got = ::pread(events->get(), text, sizeof text, 0);
    if (got < 0) return true;  // ENODEV: removed meanwhile
    if (keyed_value(std::string_view(text, static_cast<std::size_t>(got)), "populated") == 0)
      return true;
    pollfd wait{events->get(), POLLPRI, 0};
    const int rest = left(end);
    if (rest == 0 || ::poll(&wait, 1, rest) == 0) return false;
  }
}

// Pure v1 has no such event: a pidfd of each process tells of its end.
Result<bool> wait_exits(const Group& group, Clock::time_point end) {
  for (;;) {
    const auto pids = TRY(group.procs(true));
    if (pids.empty()) return true;
    for (pid_t pid : pids) {
      const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      pollfd wait{fd.get(), POLLIN, 0};
      if (fd && ::poll(&wait, 1, left(end)) == 0) return false;
    }
    if (left(end) == 0) return false;
    // A zombie is readable at once and may stay listed for a moment; 1 ms keeps that from spinning.
    ::poll(nullptr, 0, 1);
  }
}

Result<void> thaw(TreeState& tree, TreeState::Place& place, const std::string& path) {
  return write_at(TRY(tree.root(place, false)), joined(path, "freezer.state"), "THAWED");
}

// Until all have stopped: a process still on its way may fork behind the back of whoever reads the
// list (FREEZING, cgroup-v1/freezer-subsystem.rst). One in an uninterruptible wait never stops, but
// does not fork either.
Result<void> freeze(TreeState& tree, TreeState::Place& place, const std::string& path) {
  constexpr int kTries = 200;
  const std::string file = joined(path, "freezer.state");
  const int root = TRY(tree.root(place, false));
  for (int i = 0; i < kTries; ++i) {
    // Written again each time: the kernel rechecks and wakes those that it missed.
    TRY(write_at(root, file, "FROZEN"));
    if (text::trim(TRY(read_at(root, file))) == "FROZEN") return {};
    ::poll(nullptr, 0, 1);
  }
  return {};
}

// rmdir of one directory with its children; true when it is gone.
Result<bool> remove_dir(TreeState& tree, TreeState::Place& place, const std::string& path) {
  auto root = tree.root(place, false);
  if (!root || ::unlinkat(*root, path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
  if (errno != EBUSY && errno != ENOTEMPTY) {
    return fail_errno(errno, "remove cgroup", place.root + "/" + path);
  }
  const auto names = TRY(tree.children(place, path));
  for (const std::string& name : names) {
    if (!TRY(remove_dir(tree, place, joined(path, name)))) return false;
  }
  if (names.empty()) return false;
  return ::unlinkat(*root, path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
}

}  // namespace

Result<std::vector<pid_t>> Group::procs(bool below) const {
  std::vector<pid_t> out;
  for (TreeState::Place& place : tree_->places) {
    // With a cgroup2 directory every process of the group is in it; else several v1 ones may
    // differ.
    if (dir_ && !place.mount->v2) continue;
    TRY(collect(*tree_, place, path_, below, out));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<void> Group::kill() {
  if (dir_) {
    auto written = write_at(dir_.get(), "cgroup.kill", "1");
    if (written || written.error().sys_errno == ENODEV) return {};
    if (written.error().sys_errno != ENOENT || exists_at(dir_.get(), "cgroup.procs"))
      return written;
    return {};  // removed meanwhile
  }
  for (const std::string& name : TRY(Tree(tree_).list(path_))) {
    auto child = Tree(tree_).find(joined(path_, name));
    if (child) TRY(child->kill());
  }
  // Frozen processes cannot fork, exit or be replaced while the list is walked.
  TreeState::Place* freezer =
      made_.has(Controller::kFreezer) ? tree_->place(Controller::kFreezer) : nullptr;
  if (freezer != nullptr) TRY(freeze(*tree_, *freezer, path_));
  for (pid_t pid : TRY(procs())) ::kill(pid, SIGKILL);
  if (freezer != nullptr) TRY(thaw(*tree_, *freezer, path_));
  return {};
}

Result<void> Group::wait_empty(milliseconds bound) const {
  const auto end = Clock::now() + bound;
  const bool empty = dir_ ? TRY(wait_unpopulated(dir_.get(), end)) : TRY(wait_exits(*this, end));
  if (!empty) return fail(Code::kTimedOut, "wait for the processes of cgroup", path_);
  return {};
}

Result<void> Group::remove(milliseconds bound) {
  const auto end = Clock::now() + bound;
  for (;;) {
    const TreeState::Place* busy = nullptr;
    for (TreeState::Place& place : tree_->places) {
      if (!TRY(remove_dir(*tree_, place, path_))) busy = &place;
    }
    if (busy == nullptr) break;
    const bool empty = dir_ ? TRY(wait_unpopulated(dir_.get(), end)) : TRY(wait_exits(*this, end));
    if (!empty || left(end) == 0) {
      return fail(Code::kTimedOut, "remove cgroup", busy->root + "/" + path_,
                  "it still holds processes");
    }
    // Empty but busy: an exiting process is still let go of, which no event announces.
    ::poll(nullptr, 0, 1);
  }
  tree_->enabled.erase(path_);
  made_ = {};
  devices_path_.clear();
  dir_.reset();
  return {};
}

}  // namespace podctl::cgroup
