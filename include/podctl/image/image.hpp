// An image as the store knows it. Plain data; used by node, server and cri. Nothing here touches a
// file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace podctl::image {

// What a container takes from its image: the `config` object of the OCI image configuration.
// https://github.com/opencontainers/image-spec/blob/main/config.md
struct ImageConfig {
  std::vector<std::string> entrypoint, cmd;
  std::vector<std::string> env;            // "K=V"
  std::string user;                        // "", "1000", "www-data:www-data"
  std::string workdir;                     // "" is "/"
  std::string stop_signal;                 // "SIGQUIT", "3", or "": SIGTERM
  std::vector<std::string> exposed_ports;  // "80/tcp"
  std::vector<std::string> volumes;        // absolute paths
  std::map<std::string, std::string> labels;
  bool operator==(const ImageConfig&) const = default;
};

struct Image {
  std::string id;                  // "sha256:…": digest of the configuration
  std::string digest;              // "sha256:…": digest of the manifest
  std::vector<std::string> names;  // normalised with tag, sorted; may be empty
  std::uint64_t size = 0;          // bytes of configuration and layer blobs
  std::int64_t created = 0;        // seconds since the epoch; 0 if not told
  ImageConfig config;
  std::vector<std::string> diff_ids;  // "sha256:…" of the layers' tars, lowest first
  std::vector<std::string> layers;    // absolute directories, topmost first (RootfsSpec::layers)
};

}  // namespace podctl::image
