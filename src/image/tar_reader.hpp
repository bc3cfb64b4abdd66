// A tar read through libarchive: filters (gzip, zstd, for imports xz and bzip2) are taken off, the
// uncompressed bytes are counted against a limit and hashed on the way. Private to image;
// libarchive's writing half is never used.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <memory>
#include <string>

#include "hash.hpp"
#include "podctl/base/error.hpp"

namespace podctl::image {

struct TarOptions {
  std::string label;            // names the archive in errors
  std::uint64_t max_bytes = 0;  // of the uncompressed stream
  bool every_filter = false;    // xz and bzip2 too
};

// The uncompressed bytes of a file.
class PlainStream {
 public:
  static Result<std::unique_ptr<PlainStream>> make(int fd, const TarOptions& options);
  // The next bytes, valid until the next call; size 0 at the end.
  Result<std::string_view> next();
  // Reads on to the end; the digest of everything read.
  Result<std::string> finish();

 private:
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  Failure broken(Code code, std::string why) const;

  TarOptions options_;
  std::unique_ptr<archive, Free> raw_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
};

class TarReader {
 public:
  static Result<std::unique_ptr<TarReader>> make(int fd, const TarOptions& options);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // The next entry, nullptr at the end.
  Result<archive_entry*> next();
  struct Block {
    std::string_view data;
    std::int64_t offset = 0;
    bool end = false;
  };
  // A piece of the current entry's content.
  Result<Block> block();
  // The digest of the whole uncompressed stream (a layer's diff_id). After next() gave nullptr.
  Result<std::string> finish() { return plain_->finish(); }
  const std::string& label() const { return options_.label; }

 private:
  TarReader() = default;
  static la_ssize_t feed(archive* tar, void* self, const void** data);
  std::string_view last_padding();
  Failure broken(const std::string& what);

  TarOptions options_;
  std::unique_ptr<PlainStream> plain_;
  archive* tar_ = nullptr;
  std::uint64_t fed_ = 0;                // bytes of the stream that libarchive has been given
  std::int64_t content_ = 0;             // bytes of the current entry
  bool content_read_ = false;            // all of them
  std::unique_ptr<Error> stream_error_;  // of the last feed; tells more than libarchive's text
};

// While it lives, this thread's libarchive reads names as UTF-8 whatever the process' locale is.
class Utf8Names {
 public:
  Utf8Names();
  ~Utf8Names();
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  void* ours_;
  void* before_;
};

}  // namespace podctl::image
