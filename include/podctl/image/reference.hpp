// Image references: parsed, normalised and shown as Kubernetes and docker do. Pure; used by the
// store, node (names in status) and tests. Never looks anything up.
//
// Grammar: https://github.com/distribution/reference (reference.go, regexp.go, normalize.go).
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::image {

struct Reference {
  std::string domain;  // "docker.io", "localhost:5000"
  std::string path;    // "library/nginx"
  std::string tag;     // "latest"; empty only when `digest` is set and no tag was written
  std::string digest;  // "sha256:…" or empty

  // Parses and normalises: "nginx" is docker.io/library/nginx:latest. kInvalidArgument, with the
  // kubelet's words: couldn't parse image name "X": invalid reference format.
  static Result<Reference> parse(std::string_view text);

  std::string name() const;      // "docker.io/library/nginx"
  std::string str() const;       // "docker.io/library/nginx:latest", with "@sha256:…" if any
  std::string familiar() const;  // "nginx:latest": docker.io and library/ are left out

  bool operator==(const Reference&) const = default;
};

// Whether `text` is "sha256:" and 64 lower-case hex digits.
bool valid_digest(std::string_view text);

}  // namespace podctl::image
