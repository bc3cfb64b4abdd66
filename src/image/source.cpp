#include "source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "files.hpp"
#include "hash.hpp"
#include "layer_root.hpp"
#include "podctl/base/text.hpp"
#include "tar_reader.hpp"

namespace podctl::image {
namespace {

// "./a/../b" -> "b", lexically: names are keys here, not paths.
std::string normal(std::string_view name) {
  std::vector<std::string> out;
  for (const auto part : text::split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!out.empty()) out.pop_back();
    } else {
      out.emplace_back(part);
    }
  }
  return text::join(out, "/");
}

Failure absent(const std::string& label, const std::string& name) {
  return fail(Code::kNotFound, "read archive", "\"" + label + "\"", "it has no \"" + name + "\"");
}

class Spooled : public Source {
 public:
  Spooled(std::string label, int staging, const Limits& limits)
      : label_(std::move(label)), staging_(staging), limits_(limits) {}

  Result<void> fill(int fd);
  bool has(const std::string& name) const override { return find(normal(name)) != nullptr; }
  Result<Blob> take(const std::string& name) override {
    if (const Blob* blob = find(normal(name))) return *blob;
    return absent(label_, name);
  }

 private:
  // Links of old `docker save` archives share layers between images.
  const Blob* find(std::string name) const {
    for (int hops = 0; hops < 8; ++hops) {
      if (const auto file = files_.find(name); file != files_.end()) return &file->second;
      const auto link = links_.find(name);
      if (link == links_.end()) return nullptr;
      name = link->second;
    }
    return nullptr;
  }
  Result<void> keep(TarReader& tar, const std::string& name);
  void keep_link(archive_entry* entry, const std::string& name);

  std::string label_;
  int staging_;
  Limits limits_;
  std::map<std::string, Blob> files_;
  std::map<std::string, std::string> links_;
};

Result<void> Spooled::fill(int fd) {
  auto tar = TRY(TarReader::make(fd, {.label = label_, .max_bytes = limits_.max_bytes}));
  std::uint64_t count = 0;
  for (;;) {
    archive_entry* entry = TRY(tar->next());
    if (entry == nullptr) break;
    if (++count > limits_.max_entries)
      return fail(Code::kExhausted, "read archive", "\"" + label_ + "\"", "too many entries");
    const char* raw = archive_entry_pathname(entry);
    if (raw == nullptr) continue;
    const std::string name = normal(raw);
    if (archive_entry_hardlink(entry) != nullptr || archive_entry_filetype(entry) == AE_IFLNK)
      keep_link(entry, name);
    else if (archive_entry_filetype(entry) == AE_IFREG)
      TRY_CONTEXT(keep(*tar, name), "entry \"" + name + "\"");
  }
  TRY(tar->finish());  // a pipe's writer must not be cut off
  return {};
}

void Spooled::keep_link(archive_entry* entry, const std::string& name) {
  if (const char* target = archive_entry_hardlink(entry); target != nullptr) {
    links_[name] = normal(target);
  } else if (const char* symlink = archive_entry_symlink(entry); symlink != nullptr) {
    const auto slash = name.rfind('/');
    const std::string base = slash == std::string::npos ? "" : name.substr(0, slash + 1);
    links_[name] = normal(symlink[0] == '/' ? std::string(symlink) : base + symlink);
  }
}

Result<void> Spooled::keep(TarReader& tar, const std::string& name) {
  Blob blob{.file = "f" + std::to_string(files_.size())};
  if (files_.contains(name))
    return fail(Code::kCorrupt, "read archive", "\"" + label_ + "\"", "it is in there twice");
  auto fd = TRY(create_file(staging_, blob.file));
  Sha256 hash;
  std::int64_t at = 0;
  for (;;) {
    const auto block = TRY(tar.block());
    if (block.end) break;
    if (block.offset != at)
      return fail(Code::kUnsupported, "read archive", "\"" + label_ + "\"", "a sparse file");
    TRY(write_all(fd.get(), block.data, name));
    hash.update(block.data.data(), block.data.size());
    at += static_cast<std::int64_t>(block.data.size());
  }
  blob.size = static_cast<std::uint64_t>(at);
  blob.digest = hash.digest();
  files_.emplace(name, std::move(blob));
  return {};
}

class Directory : public Source {
 public:
  Directory(UniqueFd directory, std::string label, int staging, const Limits& limits)
      : root_(std::move(directory)), label_(std::move(label)), staging_(staging), limits_(limits) {}

  bool has(const std::string& name) const override {
    const auto clean = clean_path(name);
    return clean && root_.file(*clean).has_value();
  }
  Result<Blob> take(const std::string& name) override {
    if (const auto known = files_.find(name); known != files_.end()) return known->second;
    const auto fd = root_.file(TRY(clean_path(name)));
    if (!fd) return absent(label_, name);
    auto blob = TRY(spool(fd->get(), staging_, "f" + std::to_string(files_.size()),
                          limits_.max_bytes, label_ + "/" + name));
    return files_[name] = blob;
  }

 private:
  LayerRoot root_;
  std::string label_;
  int staging_;
  Limits limits_;
  std::map<std::string, Blob> files_;
};

}  // namespace

Result<Blob> spool(int fd, int staging, const std::string& name, std::uint64_t max,
                   const std::string& label) {
  Blob blob{.file = name};
  auto out = TRY(create_file(staging, name));
  Sha256 hash;
  std::string buffer(256U << 10, '\0');
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read", label);
    if (n == 0) break;
    blob.size += static_cast<std::uint64_t>(n);
    if (blob.size > max)
      return fail(Code::kExhausted, "read", label,
                  "larger than the limit of " + std::to_string(max) + " bytes");
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
    hash.update(piece.data(), piece.size());
    TRY(write_all(out.get(), piece, label));
  }
  blob.digest = hash.digest();
  return blob;
}

Result<std::unique_ptr<Source>> Source::archive(int fd, const std::string& label, int staging,
                                                const Limits& limits) {
  auto source = std::make_unique<Spooled>(label, staging, limits);
  TRY(source->fill(fd));
  return std::unique_ptr<Source>(std::move(source));
}

Result<std::unique_ptr<Source>> Source::directory(UniqueFd directory, const std::string& label,
                                                  int staging, const Limits& limits) {
  return std::unique_ptr<Source>(
      std::make_unique<Directory>(std::move(directory), label, staging, limits));
}

}  // namespace podctl::image
