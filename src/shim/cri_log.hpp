// A container's log file in CRI format, rotated by size. Used by the shim's loop; never blocks but
// for the file itself.
//
//   2026-01-31T12:00:00.000000001Z stdout F a whole line
//   2026-01-31T12:00:00.000000002Z stderr P a piece of a line that goes on
// Format: kubernetes cri-api pkg/apis/runtime/v1 constants.go (tags F and P); pieces end at 16 KiB
// as containerd cuts them. Rotated files: <log>.<yyyymmdd-hhmmss>, as the kubelet names them.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::shim {

inline constexpr std::size_t kMaxPiece = 16U << 10;  // bytes of one log line's text

enum class Stream : std::uint8_t { kStdout = 0, kStderr = 1 };

class CriLog {
 public:
  // Makes missing directories (0755) and appends to the file (0640). `max_bytes` 0: never rotated.
  // `max_files` counts the current one too.
  static Result<CriLog> open(std::string path, std::uint64_t max_bytes, std::uint32_t max_files);

  // What came from one of the workload's streams, in any cut. Whole lines are written at once.
  Result<void> write(Stream stream, std::string_view data, const timespec& now);
  // The stream has ended: text without a line end becomes a last piece.
  Result<void> finish(Stream stream, const timespec& now);

 private:
  CriLog(std::string path, UniqueFd fd, std::uint64_t size, std::uint64_t max_bytes,
         std::uint32_t max_files)
      : path_(std::move(path)),
        fd_(std::move(fd)),
        size_(size),
        max_bytes_(max_bytes),
        max_files_(max_files) {}
  void add(Stream stream, char tag, std::string_view text, const timespec& now);
  Result<void> flush(const timespec& now);
  Result<void> rotate(const timespec& now);
  void drop_old();

  std::string path_;
  UniqueFd fd_;
  std::uint64_t size_;
  std::uint64_t max_bytes_;
  std::uint32_t max_files_;
  std::time_t rotated_at_ = 0;
  std::string rest_[2];  // of each stream: text whose line end has not come yet
  std::string out_;      // lines ready for the file
};

}  // namespace podctl::shim
