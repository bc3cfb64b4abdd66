// The files of an archive, found by name. An archive is first spooled: each regular file into a
// numbered file of a staging directory, hashed on the way, so that no name of the archive ever
// becomes a path and the order of its entries does not matter. Private to image.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/image/store.hpp"

namespace podctl::image {

// A file in the staging directory.
struct Blob {
  std::string file;
  std::string digest;
  std::uint64_t size = 0;
};

class Source {
 public:
  virtual ~Source() = default;
  // kNotFound names the archive and the file.
  virtual Result<Blob> take(const std::string& name) = 0;
  virtual bool has(const std::string& name) const = 0;

  // Spools the archive read from `fd`.
  static Result<std::unique_ptr<Source>> archive(int fd, const std::string& label, int staging,
                                                 const Limits& limits);
  // Copies files of a directory (an OCI layout) on demand.
  static Result<std::unique_ptr<Source>> directory(UniqueFd directory, const std::string& label,
                                                   int staging, const Limits& limits);
};

// Copies `fd` to its end into the new file `name` of the staging directory.
Result<Blob> spool(int fd, int staging, const std::string& name, std::uint64_t max,
                   const std::string& label);

}  // namespace podctl::image
