// A file tree to a tar stream and back.
//
// Used by podctl on the host and by podctl-cp in the container, each for both directions. Unpacking
// trusts nothing that the stream says: every path is walked below one directory by openat2(2) that
// follows no symlink, so neither names, nor links, nor whatever lies there lead out of it
// (CVE-2018-1002100, CVE-2019-1002101, CVE-2019-11246, CVE-2019-11249, CVE-2019-11251).
#pragma once

#include <functional>
#include <string>

#include "podctl/archive/tar.hpp"
#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::archive {

// Takes all of the bytes; an error ends the packing.
using Sink = std::function<Result<void>(std::string_view)>;
// A sentence about what was left out.
using Warn = std::function<void(const std::string&)>;

// Packs what is at `path`, followed if it is a symlink; those below it stay symlinks. What is
// neither file, directory nor symlink is left out with a warning, as is what cannot be read.
// True: all of it was packed.
Result<bool> pack(const std::string& path, const Sink& sink, const Warn& warn);

struct UnpackPolicy {
  bool symlinks = false;  // make them; else they are left out with a warning
  bool owner = false;     // give files to their owner, with all mode bits
  bool mode = true;       // keep the permission bits
};

// Unpacks pieces of TarReader as `name` in the directory `parent`: the tree's own entry "." becomes
// that name. What is there of the same kind is written over, a directory is added to.
class Unpacker {
 public:
  Unpacker(UniqueFd parent, std::string name, UnpackPolicy policy, Warn warn)
      : parent_(std::move(parent)),
        name_(std::move(name)),
        policy_(policy),
        warn_(std::move(warn)) {}

  Result<void> take(const TarReader::Piece& piece);
  // Whether an entry has come that is more than a warning.
  bool any() const { return any_; }

 private:
  struct Place {
    UniqueFd directory;
    std::string name;
  };
  Result<Place> place(const std::string& path);
  Result<void> begin(const Entry& entry);
  Result<void> make_directory(const Entry& entry);
  Result<void> make_symlink(const Entry& entry);
  Result<void> open_file(const Entry& entry);
  Result<void> settle(int fd, const Entry& entry);

  UniqueFd parent_;
  std::string name_;
  UnpackPolicy policy_;
  Warn warn_;
  UniqueFd file_;
  Entry entry_;
  bool any_ = false;
};

}  // namespace podctl::archive
