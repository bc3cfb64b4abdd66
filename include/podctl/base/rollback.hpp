// Undo stack for work of several steps: each step that succeeded adds how to undo it; release() keeps the
// work, else the destructor (or unwind(), which reports) undoes it newest first.
//
// Used by the hands wherever kernel objects are made. Undo failures are collected, never swallowed.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl {

class Rollback {
 public:
  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback() { unwind(); }

  void add(std::function<Result<void>()> undo) { steps_.push_back(std::move(undo)); }
  void release() { steps_.clear(); }

  // Undoes everything now and returns what could not be undone.
  std::vector<Error> unwind() {
    std::vector<Error> failures;
    while (!steps_.empty()) {
      auto undo = std::move(steps_.back());
      steps_.pop_back();
      if (auto done = undo(); !done) failures.push_back(std::move(done).error());
    }
    return failures;
  }

 private:
  std::vector<std::function<Result<void>()>> steps_;
};

}  // namespace podctl
