// podctl's own plain files on the host: directories, whole files, removal of trees. Trusted paths
// only: inside a container's tree it is root_dir.hpp's work. Used by runtime, shim and engine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::sys {

// mkdir -p; `mode` for those that were missing, regardless of umask.
Result<void> make_directories(const std::string& path, unsigned mode);
// The owner stays, and so does a directory's mode (chown(2)).
Result<void> give_to_group(const std::string& path, unsigned gid);
// A file, or an empty directory, of podctl's own becomes this user's and group's.
Result<void> give_to(const std::string& path, unsigned uid, unsigned gid);
// Replaces the file as one step for whoever reads it: written beside it, then renamed.
Result<void> write_file(const std::string& path, std::string_view content, unsigned mode);
// The same for what has to be found again after the machine lost its power: on the disk before this
// returns. Without it a file may be renamed there whose content is not, and be found empty.
Result<void> write_file_to_disk(const std::string& path, std::string_view content, unsigned mode);
// Into a file that is there, and that nobody reads yet.
Result<void> fill_file(const std::string& path, std::string_view content);
// At most `limit` bytes from the start.
Result<std::string> read_file(const std::string& path, std::size_t limit);
// /dev/null for reading and writing.
Result<UniqueFd> open_null();
// Removes path and all below it, following no symlink and entering no other mount. Gone already is
// no error.
// `remains`: some of what was removed, still open. The names are gone, the space is given back when
// it is closed, which may take longer than all the rest (ext4 without a journal waits for a discard
// of each block) and need not be waited for.
using Remains = std::vector<UniqueFd>;
Result<void> remove_tree(const std::string& path, Remains* remains = nullptr);
// The same where containers may have left mounts that this mount namespace sees (Bidirectional mount
// propagation): they are unmounted, and what is mounted stays as it is.
Result<void> remove_tree_and_mounts(const std::string& path, Remains* remains = nullptr);
// remove_tree() for an entry of an open directory.
Result<void> remove_tree_at(int directory, const std::string& name);

}  // namespace podctl::sys
