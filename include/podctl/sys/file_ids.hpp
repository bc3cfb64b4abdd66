// For whom files are made: while it lives, what the calling thread makes belongs to this user and
// group, be they of a pod's user namespace. It keeps every capability, so it may do what it could
// before.
//
// Used by init (devices, directories of volumes) and runtime (files of volumes); by one thread.
// setfsuid(2).
#pragma once

#include <cstdint>
#include <optional>

#include "podctl/base/error.hpp"
#include "podctl/base/id_range.hpp"

namespace podctl::sys {

class FileIds {
 public:
  static Result<FileIds> become(std::uint32_t uid, std::uint32_t gid);
  // Root's of a range, if there is one; else nothing changes.
  static Result<std::optional<FileIds>> of_root(const std::optional<IdRange>& users);
  FileIds(FileIds&& other) noexcept : active_(other.active_) { other.active_ = false; }
  FileIds& operator=(FileIds&&) = delete;
  ~FileIds();  // back to root's, or the process dies

 private:
  FileIds() = default;
  bool active_ = true;
};

}  // namespace podctl::sys
