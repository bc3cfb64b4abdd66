// The version of this build and of the Kubernetes API it speaks.
#pragma once

#include <string_view>

namespace podctl::cli {

#ifdef PODCTL_VERSION
inline constexpr std::string_view kVersion = PODCTL_VERSION;
#else
inline constexpr std::string_view kVersion = "0.1.0";
#endif
inline constexpr std::string_view kKubernetesVersion = "v1.37";

}  // namespace podctl::cli
