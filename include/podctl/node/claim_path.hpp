// Where the volumes of PersistentVolumeClaims lie: directories that outlive pods. Used by node, and
// by server to say what is lost with one.
#pragma once

#include <string>

#include "podctl/base/layout.hpp"

namespace podctl::node {

inline std::string claims_path(const Layout& layout) { return layout.lib() + "/claims"; }
inline std::string claim_path(const Layout& layout, const std::string& ns,
                              const std::string& name) {
  return claims_path(layout) + "/" + ns + "/" + name;
}

}  // namespace podctl::node
