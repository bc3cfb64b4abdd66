// Reading and writing controller files relative to a directory descriptor. Private to cgroup.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::cgroup {

Result<std::string> read_path(const std::string& path);
Result<std::string> read_at(int dir, const std::string& path);
// One write(2) of the whole value, as kernfs wants it.
Result<void> write_at(int dir, const std::string& path, std::string_view value);
Result<UniqueFd> open_at(int dir, const std::string& path, int flags);
bool exists_at(int dir, const std::string& path);

// The number after `key` on its own line ("oom_kill 3"); 0 when there is no such line.
std::uint64_t keyed_value(std::string_view content, std::string_view key);

}  // namespace podctl::cgroup
