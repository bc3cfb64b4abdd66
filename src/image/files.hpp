// File work inside the store's own directory, always from a directory descriptor. Private to image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::image {

// Opens a directory, making it first (mode 0700 or `mode`).
Result<UniqueFd> make_directory(int parent, const std::string& name, unsigned mode = 0700);
Result<UniqueFd> open_directory(int parent, const std::string& name);
Result<UniqueFd> open_file(int parent, const std::string& name);
Result<UniqueFd> create_file(int parent, const std::string& name);
Result<std::vector<std::string>> entries(int parent, const std::string& name);

Result<void> write_all(int fd, std::string_view data, const std::string& subject);
// The whole file; kExhausted beyond `max` bytes.
Result<std::string> read_all(int fd, std::uint64_t max, const std::string& subject);

// Writes `name` whole or not at all: temporary file, fsync, rename, fsync of the directory.
Result<void> replace_file(int parent, const std::string& name, std::string_view data);

// Removes `name` below `parent` with all it holds. Directories are first moved up into `parent`, so
// that no depth exhausts the stack or the descriptors.
Result<void> remove_tree(int parent, const std::string& name);

}  // namespace podctl::image
