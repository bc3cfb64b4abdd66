// What comes out of a container, on its way into the files of this machine.
//
// Used by cp; the process is podctl. The stream is hostile: its first entry says what kind of thing
// comes, never where it goes (copy_spec.hpp); nothing of it lands elsewhere (archive/tree.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "podctl/archive/tree.hpp"

namespace podctl::cli {

class Landing {
 public:
  // From the container's path `source` to the path `target` here, both as they were typed. What
  // is at the target now decides where the copy goes.
  Landing(std::string source, std::string target, archive::UnpackPolicy policy, archive::Warn warn);

  // Another stream of the same copy comes, from its beginning.
  void begin_again();
  // The next bytes of the tar stream. kCorrupt, kInvalidArgument, or what the files refuse.
  Result<void> take(std::string_view data);
  // Whether the stream has come whole.
  bool complete() const { return reader_.ended() && unpacker_; }

 private:
  Result<void> choose_place(const archive::TarReader::Piece& piece);

  std::string source_, target_;
  bool target_is_directory_;
  archive::UnpackPolicy policy_;
  archive::Warn warn_;
  archive::TarReader reader_;
  std::optional<archive::Unpacker> unpacker_;
};

}  // namespace podctl::cli
