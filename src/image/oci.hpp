// The JSON documents of images: docker-archive's manifest.json, OCI index, manifest and
// configuration. Read with limits and errors that name the document and the member; written by
// import. Private to image. https://github.com/opencontainers/image-spec
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/image/image.hpp"

namespace podctl::image::oci {

inline constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar";

struct Descriptor {
  std::string media_type, digest, name;  // name: of the annotations, as written there; may be empty
  std::uint64_t size = 0;
  bool is_index = false;
  bool fits = true;  // no platform given, or this machine's
};

// index.json, or a nested index or docker manifest list.
Result<std::vector<Descriptor>> parse_index(std::string_view json, const std::string& label);

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;  // lowest first
};
Result<Manifest> parse_manifest(std::string_view json, const std::string& label);

// One image of docker-archive's manifest.json: paths in the archive.
struct Saved {
  std::string config;
  std::vector<std::string> names, layers;
};
Result<std::vector<Saved>> parse_saved(std::string_view json, const std::string& label);

struct Configuration {
  ImageConfig config;
  std::vector<std::string> diff_ids;
  std::int64_t created = 0;
};
// kUnsupported for another architecture or operating system.
Result<Configuration> parse_configuration(std::string_view json, const std::string& label);

std::string write_index(const std::vector<Descriptor>& manifests);
std::string write_manifest(const Manifest& manifest);
std::string write_configuration(const Configuration& configuration);
// The record that inspect shows; `configuration` is the stored document.
Result<std::string> write_record(const Image& image, std::string_view configuration);

}  // namespace podctl::image::oci
