// Where tests put what they make: a new directory for each, under TMPDIR (else /tmp). Tests of overlays
// need TMPDIR on a file system that can hold an upper layer, which an overlay itself cannot.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace podctl {

// "/tmp/podctl-<name>-XXXXXX", made and empty; "" when it cannot be made.
inline std::string scratch_directory(const std::string& name) {
  std::string path = std::filesystem::temp_directory_path() / ("podctl-" + name + "-XXXXXX");
  return ::mkdtemp(path.data()) == nullptr ? std::string() : path;
}

}  // namespace podctl
