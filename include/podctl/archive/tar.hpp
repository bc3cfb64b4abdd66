// The tar stream between podctl and podctl-cp: POSIX ustar with pax headers for what that cannot
// hold (pax(1), "ustar Interchange Format" and "pax Interchange Format").
//
// Used by both ends of a copy. What comes out of a container is hostile: the reader knows files,
// directories and symlinks, refuses everything else, and holds at most a header in memory. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::archive {

enum class EntryType : std::uint8_t { kFile, kDirectory, kSymlink };

struct Entry {
  EntryType type = EntryType::kFile;
  std::string path;  // relative, with neither ".." nor empty components; "." is the tree itself
  std::string link;  // of a symlink
  std::uint64_t size = 0;
  std::uint32_t mode = 0;  // permission bits, 07777
  std::uint32_t uid = 0, gid = 0;
};

// The header of an entry; `size` bytes of content and padding(size) follow a file's.
std::string encode_header(const Entry& entry);
std::string padding(std::uint64_t size);
// What ends an archive.
std::string end_of_archive();

// Whether it leads from a tree to something in it by names alone.
bool safe_path(std::string_view path);

// Reads a stream piece by piece. Errors are kCorrupt, and final.
class TarReader {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  // Pieces of a file's content follow its header, `last` with the last one (of an empty file too).
  struct Piece {
    std::optional<Entry> entry;
    std::string data;
    bool last = false;
  };
  // Nothing: more bytes are needed, or the archive has ended.
  Result<std::optional<Piece>> next();
  bool ended() const { return ended_; }

 private:
  Result<bool> header(Piece& piece);
  Result<void> pax(std::string_view records);
  std::optional<Piece> content();

  std::string buffer_;
  std::uint64_t left_ = 0, pad_ = 0;
  bool in_file_ = false, pax_seen_ = false, ended_ = false;
  std::string pax_path_, pax_link_;
  std::optional<std::uint64_t> pax_size_, pax_uid_, pax_gid_;
};

}  // namespace podctl::archive
