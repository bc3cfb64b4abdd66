// Small files of the registry and of allocations. Private to ipam.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::ipam {

Result<void> make_dirs(const std::string& path);
Result<std::string> read_file(int dir, const std::string& name);
// Appears whole or not at all, and never over another: kAlreadyExists.
Result<void> make_file(int dir, const std::string& name, std::string_view content);
// Appears whole, over what was there.
Result<void> replace_file(int dir, const std::string& name, std::string_view content);
Result<void> remove_file(int dir, const std::string& name);  // a missing one is no error
Result<UniqueFd> open_dir(const std::string& path);
Result<std::vector<std::string>> names_in(const std::string& path);  // empty when it is not there

}  // namespace podctl::ipam
