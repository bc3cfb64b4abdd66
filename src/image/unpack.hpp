// One layer's tar made into a directory that overlayfs can use. Private to image.
//
// libarchive only reads; every file is made here, below a LayerRoot. Whiteouts become overlayfs'
// own (character device 0:0; trusted.overlay.opaque). Kept: mode with setuid bits, owner, mtime,
// user.* and security.capability. Left out: device nodes, sockets, every other xattr (a
// trusted.overlay.* of the archive would steer the overlay).
// https://github.com/opencontainers/image-spec/blob/main/layer.md
#pragma once

#include <cstdint>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/image/store.hpp"
#include "tar_reader.hpp"

namespace podctl::image {

struct Unpacked {
  std::string diff_id;      // of the tar as read
  std::int64_t newest = 0;  // the newest mtime, seconds
};

// Unpacks into the empty directory `root`; `trash` is a directory of the same file system for what
// an entry replaces. kCorrupt or kExhausted name the archive and the entry.
Result<Unpacked> unpack(TarReader& tar, int root, int trash, const Limits& limits);

}  // namespace podctl::image
