// Formats of single values, each answering with Kubernetes' sentence or with nothing (valid).
#pragma once

#include <string>
#include <string_view>

namespace podctl::api {

std::string check_port_name(std::string_view s);
std::string check_env_name(std::string_view s);
std::string check_header_name(std::string_view s);
std::string check_config_key(std::string_view s);
std::string check_sysctl_name(std::string_view s);
std::string check_ip(std::string_view s);
// A relative path without "..", as subPath and items[].path need it.
std::string check_local_path(std::string_view s);

}  // namespace podctl::api
