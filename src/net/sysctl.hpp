// One kernel switch under /proc/sys, by its absolute path. Private to net.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::net {

Result<std::string> read_sysctl(const std::string& path);
// `if_present`: a kernel without the switch (IPv6 is off) needs no value.
Result<void> write_sysctl(const std::string& path, std::string_view value, bool if_present);

}  // namespace podctl::net
