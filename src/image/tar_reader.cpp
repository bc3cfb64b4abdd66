#include "tar_reader.hpp"

#include <locale.h>

#include <cerrno>

namespace podctl::image {
namespace {

constexpr std::size_t kBlock = 128U << 10;
constexpr std::size_t kTarBlock = 512;

std::string text_of(archive* a) {
  const char* text = archive_error_string(a);
  return text != nullptr ? text : "unreadable";
}

// ARCHIVE_WARN would mean that libarchive runs an external program as the filter: refused.
bool add_filters(archive* a, bool every) {
  bool good = archive_read_support_filter_none(a) == ARCHIVE_OK &&
              archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
              archive_read_support_filter_zstd(a) == ARCHIVE_OK;
  if (every)
    good = good && archive_read_support_filter_xz(a) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(a) == ARCHIVE_OK;
  return good;
}

}  // namespace

Failure PlainStream::broken(Code code, std::string why) const {
  return fail(code, "read archive", "\"" + options_.label + "\"", std::move(why));
}

Result<std::unique_ptr<PlainStream>> PlainStream::make(int fd, const TarOptions& options) {
  auto out = std::make_unique<PlainStream>();
  out->options_ = options;
  out->raw_.reset(archive_read_new());
  archive* raw = out->raw_.get();
  if (raw == nullptr || !add_filters(raw, options.every_filter))
    return out->broken(Code::kUnsupported, "this libarchive lacks gzip or zstd");
  archive_read_support_format_raw(raw);
  archive_read_support_format_empty(raw);
  if (archive_read_open_fd(raw, fd, kBlock) != ARCHIVE_OK)
    return out->broken(Code::kCorrupt, text_of(raw));
  archive_entry* entry = nullptr;
  const int rc = archive_read_next_header(raw, &entry);
  if (rc == ARCHIVE_EOF) {
    out->raw_.reset();
  } else if (rc < ARCHIVE_WARN) {
    return out->broken(Code::kCorrupt, text_of(raw));
  }
  return out;
}

Result<std::string_view> PlainStream::next() {
  if (!raw_) return std::string_view();
  for (;;) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int rc = archive_read_data_block(raw_.get(), &data, &size, &offset);
    if (rc == ARCHIVE_EOF) {
      raw_.reset();
      return std::string_view();
    }
    if (rc < ARCHIVE_WARN) return broken(Code::kCorrupt, text_of(raw_.get()));
    if (size == 0) continue;
    bytes_ += size;
    if (bytes_ > options_.max_bytes)
      return broken(Code::kExhausted, "holds more than the limit of " +
                                          std::to_string(options_.max_bytes) + " bytes");
    hash_.update(data, size);
    return std::string_view(static_cast<const char*>(data), size);
  }
}

Result<std::string> PlainStream::finish() {
  while (!TRY(next()).empty()) {
  }
  return hash_.digest();
}

Result<std::unique_ptr<TarReader>> TarReader::make(int fd, const TarOptions& options) {
  std::unique_ptr<TarReader> out(new TarReader);
  out->options_ = options;
  out->plain_ = TRY(PlainStream::make(fd, options));
  out->tar_ = archive_read_new();
  if (out->tar_ == nullptr)
    return fail(Code::kExhausted, "read archive", options.label, "no memory");
  archive_read_support_filter_none(out->tar_);
  archive_read_support_format_tar(out->tar_);
  archive_read_support_format_empty(out->tar_);
  if (archive_read_open(out->tar_, out.get(), nullptr, &TarReader::feed, nullptr) != ARCHIVE_OK)
    return out->broken("not a tar archive");
  return out;
}

TarReader::~TarReader() {
  if (tar_ != nullptr) archive_read_free(tar_);
}

la_ssize_t TarReader::feed(archive* tar, void* self, const void** data) {
  auto* reader = static_cast<TarReader*>(self);
  auto piece = reader->plain_->next();
  if (!piece) {
    archive_set_error(tar, EIO, "%s", piece.error().detail.c_str());
    reader->stream_error_ = std::make_unique<Error>(std::move(piece).error());
    return -1;
  }
  const std::string_view bytes = piece->empty() ? reader->last_padding() : *piece;
  reader->fed_ += bytes.size();
  *data = bytes.data();
  return static_cast<la_ssize_t>(bytes.size());
}

// Some writers (umoci 0.4's whiteout layers) end with the last file's content, without filling its
// block. Go's reader, and so every other engine, takes that; libarchive does once the block is
// filled. A content that is cut short stays an error.
std::string_view TarReader::last_padding() {
  static constexpr char kZeros[kTarBlock]{};
  const std::size_t over = fed_ % kTarBlock;
  if (over == 0 || !content_read_) return {};
  return {kZeros, kTarBlock - over};
}

Failure TarReader::broken(const std::string& what) {
  if (stream_error_) return Failure(*stream_error_);
  const std::string why = text_of(tar_);
  return fail(Code::kCorrupt, "read archive", "\"" + options_.label + "\"",
              what.empty() ? why : what + ": " + why);
}

Result<archive_entry*> TarReader::next() {
  archive_entry* entry = nullptr;
  const int rc = archive_read_next_header(tar_, &entry);
  if (rc == ARCHIVE_EOF) return nullptr;
  if (rc < ARCHIVE_WARN) return broken("");
  content_ = archive_entry_size(entry);
  content_read_ = content_ == 0;
  return entry;
}

Result<TarReader::Block> TarReader::block() {
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int rc = archive_read_data_block(tar_, &data, &size, &offset);
  if (rc == ARCHIVE_EOF) return Block{.end = true};
  if (rc < ARCHIVE_WARN) return broken("");
  content_read_ = offset + static_cast<std::int64_t>(size) >= content_;
  return Block{.data = {static_cast<const char*>(data), size}, .offset = offset};
}

Utf8Names::Utf8Names()
    : ours_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
      before_(ours_ != nullptr ? ::uselocale(static_cast<locale_t>(ours_)) : nullptr) {}

Utf8Names::~Utf8Names() {
  if (ours_ == nullptr) return;
  ::uselocale(static_cast<locale_t>(before_));
  ::freelocale(static_cast<locale_t>(ours_));
}

}  // namespace podctl::image
