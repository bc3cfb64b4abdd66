// What pod-start measures: something that starts a pod of n containers, each of which writes a byte into the
// bench's FIFO once it executes, and that removes it again.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace bench {

struct Setup {
  std::string scratch;     // a directory of this run; every contender keeps to a directory of its own below it
  std::string bin;         // build/bin
  std::string bench_bin;   // build/bench
  std::string fifo;        // where the workloads write
  std::string rootfs;      // a directory with /bench-mark and the mount points, the image of all
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  // Empty when it can run here, else why not.
  virtual std::string unavailable() { return {}; }
  // Once, before the rounds: stores, images, bundles.
  virtual void prepare(int containers) = 0;
  // Untimed, before each start (a cold daemon is stopped here).
  virtual void before_start() {}
  // Starts the pod. Timing ends when the bench has read one byte a container.
  virtual void start(int containers) = 0;
  // Untimed, between start and removal: lets what start left running settle.
  virtual void after_start() {}
  // Removes the pod with grace 0; returns when nothing is left.
  virtual void remove(int containers) = 0;
  virtual void finish() {}
};

std::vector<std::unique_ptr<Contender>> all_contenders(const Setup& setup);

// Runs argv to its end with `input` on stdin, output discarded unless `output` is given; aborts the bench
// with the program's stderr when it fails. `hybrid_hidden` runs it in a mount namespace where the bare
// cgroup2 of a hybrid layout is hidden, which crun 1.8 needs.
void run(const std::vector<std::string>& argv, const std::string& input = {}, std::string* output = nullptr,
         bool hybrid_hidden = false);

}  // namespace bench
