// The image store of one root (Layout::images()): loads archives, imports root file systems, finds
// images.
//
// Used by podctld's worker threads; every call blocks and may be made from any thread: changes are
// serialised, look-ups never wait for a load. It survives kill -9 at any moment: everything is made
// under tmp/, synced and renamed; what an interrupted change left is swept by open(). The directory
// is itself an OCI image layout (oci-layout, index.json, blobs/sha256/), plus layers/<hex of
// diff_id>/ unpacked for overlayfs and shared between images. The archive is hostile: digests are
// checked before a layer is used, paths are resolved inside the layer, counts and sizes are
// limited. Never touches the network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/image/image.hpp"

namespace podctl::image {

// Where an archive stops being an image and becomes an attack. Reached: Code::kExhausted.
struct Limits {
  std::uint64_t max_bytes = std::uint64_t{32} << 30;  // of an archive, and of one layer unpacked
  std::uint64_t max_entries = 1'000'000;              // of an archive, and of one layer
  std::uint64_t max_json_bytes = std::uint64_t{8} << 20;  // of a manifest, configuration or index
};

class Store {
 public:
  // Makes `path` (absolute, private to this process) if missing, sweeps what is left of interrupted
  // changes. kConflict when another process has it open.
  static Result<std::unique_ptr<Store>> open(const std::string& path, Limits limits = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Loads every image of a docker-archive or OCI archive read from `fd` (a file, pipe or socket;
  // whole archive or layers plain, gzip or zstd). `label` names the archive in errors. Returns the
  // images' names as stored (an id for one without a name). Nothing is kept when any image is bad.
  Result<std::vector<std::string>> load_archive(int fd, std::string_view label);
  // The same from a path of the local machine: an archive file or an OCI layout directory.
  Result<std::vector<std::string>> load_path(const std::string& path);

  // Makes a one-layer image from a root file system's tar (plain, gzip, zstd, xz), called `name`.
  Result<Image> import_rootfs(int fd, std::string_view name, const ImageConfig& config,
                              std::string_view label);

  // By name ("nginx", "docker.io/library/nginx:1", "nginx@sha256:…"), id ("sha256:…") or the first
  // 12 or more digits of an id. kInvalidArgument for a bad name, kNotFound when it is not here.
  Result<Image> resolve(std::string_view reference) const;
  // Every image, sorted by its first name, then id.
  std::vector<Image> list() const;
  // {"id","digest","names","size","created","diffIDs","layers","oci": the OCI configuration} as
  // JSON text.
  Result<std::string> inspect(std::string_view reference) const;

  // Gives the image `source` the further name `name`; the name moves if another image has it.
  Result<Image> tag(std::string_view source, std::string_view name);
  // From now on no load, import or tag takes this name (a Reference's str()) from the image that
  // has it: kFailedPrecondition.
  void keep_name(std::string_view name);

  // Whether a container uses the image with this id. Called with the store locked: must not call
  // it.
  using InUse = std::function<bool(const std::string& id)>;
  // Removes a name, and with its last name (or given an id) the image and the layers no other image
  // has. kFailedPrecondition while `in_use` says so. Returns what the image was.
  Result<Image> remove(std::string_view reference, const InUse& in_use);

  struct Impl;  // of src/image

 private:
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The embedded image, and the name under which it is found.
inline constexpr std::string_view kEmbeddedImage = "docker.io/podctl/busybox:latest";

// Imports `tar` (share/podctl/images/busybox.tar) as podctl/busybox when the store lacks it, and
// keeps the name for it. True when it was imported now.
Result<bool> ensure_embedded(Store& store, const std::string& tar);

}  // namespace podctl::image
