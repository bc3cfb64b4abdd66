// Paths of a layer, resolved inside it: every component is the archive's word, symlinks of the same
// layer included. Resolution is sys::RootDir's; this adds what layers need: parents made on the way,
// whiteouts replaced. The last component is never followed: callers act on {directory, name}.
// Private to image.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::image {

// "./a//b/" -> "a/b"; "" for the root itself. ".." and a leading "/" are taken as a root would take
// them: they do not climb (a chroot's rule), and a ".." after a name is left to the kernel only as
// a parent. kCorrupt for a NUL, an over-long path, or a last component that is "..".
Result<std::string> clean_path(std::string_view path);

struct Place {
  int parent = -1;   // borrowed from the LayerRoot, valid until its next call
  std::string name;  // one component
};

class LayerRoot {
 public:
  explicit LayerRoot(UniqueFd root) : root_(std::move(root)) {}
  int fd() const { return root_.fd(); }

  // Where the (clean, non-empty) path lies; missing parents are made, mode 0755, when `make` is
  // set.
  Result<Place> place(const std::string& path, bool make);
  // A descriptor of the directory at `path`, which must not be a symlink itself.
  Result<UniqueFd> directory(const std::string& path) const;
  // A regular file for reading; symlinks are followed in-root.
  Result<UniqueFd> file(const std::string& path) const;
  // A descriptor of a (clean) directory path, symlinks on the way and at its end followed in-root.
  Result<UniqueFd> parent(const std::string& path) { return open_parent(path, false, 0); }
  // To be called when anything but a new name was changed: the remembered parent may be another
  // one.
  void forget() { parent_path_ = "/"; }

 private:
  Result<UniqueFd> open_parent(const std::string& path, bool make, int hops);
  Result<UniqueFd> replace_whiteout(int parent, const std::string& name, const std::string& path);
  Result<void> make_target(int parent, const std::string& name, const std::string& above, int hops);

  sys::RootDir root_;
  UniqueFd parent_;
  std::string parent_path_ = "/";  // of parent_; "/" is none
};

// Whether the thing is an overlayfs whiteout.
bool is_whiteout(int parent, const std::string& name);
// Marks a directory as hiding what lower layers have in it.
Result<void> make_opaque(int directory, const std::string& path);

}  // namespace podctl::image
