// Reads a container's log: CRI-format files as the shim writes and rotates them. Used by server
// (logs) and node (termination messages) on a worker thread; one reader belongs to one thread at a
// time. Never writes.
//
// A line is "<RFC3339Nano> stdout|stderr P|F <text>"; P is continued by the next line.
// https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/time.hpp"
#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::node {

struct LogOptions {
  bool timestamps = false;
  std::optional<std::uint64_t> tail_lines;
  api::Time since;                           // absent: from the beginning
  std::optional<std::uint64_t> limit_bytes;  // of output
};

class LogReader {
 public:
  // `path` is the attempt's current file; rotated ones lie beside it as "<path>.<suffix>", or
  // compressed as "<path>.<suffix>.gz".
  // kNotFound when there is no log.
  static Result<std::unique_ptr<LogReader>> open(const std::string& path, LogOptions options);

  // The next lines, about `budget` bytes; empty when there is nothing more at present. A line whose
  // end has not been written yet is not shown. Follows rotation.
  Result<std::string> read(std::size_t budget);
  // limit_bytes is reached: nothing more will come.
  bool exhausted() const { return left_ && *left_ == 0; }

 private:
  LogReader(std::string path, LogOptions options);
  Result<void> find_start();
  Result<bool> open_next();
  void take_lines(std::string& out, std::size_t budget);
  void show(std::string_view line, std::string& out);

  std::string path_;
  LogOptions options_;
  std::optional<std::uint64_t> left_;
  std::vector<std::string> older_;  // rotated files still to be read, the newest last read
  UniqueFd file_;
  bool current_ = false;    // file_ is (or was) path_
  std::string rest_;        // read, not yet shown
  std::size_t offset_ = 0;  // into rest_
  bool continued_ = false;  // the last line shown was partial
};

// The output of the last lines: at most `max_lines` and the last `max_bytes`. Empty when it cannot
// be read.
std::string log_tail(const std::string& path, std::uint32_t max_lines, std::uint32_t max_bytes);

}  // namespace podctl::node
