// Apart from the rest of Layout: the shim names its root as podctld did, and std::filesystem would be a
// third of its program.
#include <cstdlib>
#include <filesystem>

#include "podctl/base/layout.hpp"

namespace podctl {

Layout Layout::from(std::string_view flag) {
  const char* env = std::getenv("PODCTL_ROOT");
  std::string root(!flag.empty() ? flag : env != nullptr ? env : "");
  if (root.empty()) return Layout();
  std::error_code error;
  // Absolute first: of a path of which nothing exists weakly_canonical makes a relative one.
  const auto absolute = std::filesystem::absolute(root, error);
  const auto real = std::filesystem::weakly_canonical(absolute, error);
  return Layout(error ? absolute.string() : real.string());
}

}  // namespace podctl
