// Archives for the tests of image, made with libarchive: tars of chosen entries, compressed or not,
// and image archives around them. Nothing here is checked for sense: hostile archives are made with
// it too.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "image/hash.hpp"
#include "podctl/base/unique_fd.hpp"
#include "scratch.hpp"

namespace podctl::image::test {

struct Entry {
  std::string path;
  unsigned type = AE_IFREG;
  std::string content;  // of a file; target of a symlink
  std::string hardlink;
  unsigned mode = 0644;
  int uid = 0, gid = 0;
  std::int64_t mtime = 1'600'000'000;
  std::vector<std::pair<std::string, std::string>> xattrs;
  std::int64_t size = -1;  // said size, when it is not content's
};

inline Entry dir(std::string path, unsigned mode = 0755) {
  return {.path = std::move(path), .type = AE_IFDIR, .mode = mode};
}
inline Entry file(std::string path, std::string content = "x", unsigned mode = 0644) {
  return {.path = std::move(path), .content = std::move(content), .mode = mode};
}
inline Entry symlink(std::string path, std::string target) {
  return {.path = std::move(path), .type = AE_IFLNK, .content = std::move(target), .mode = 0777};
}
inline Entry hardlink(std::string path, std::string target) {
  return {.path = std::move(path), .hardlink = std::move(target)};
}

enum class Pack { kNone, kGzip, kZstd, kXz };

inline la_ssize_t append(archive*, void* out, const void* data, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

inline void write_entry(archive* a, const Entry& entry) {
  std::unique_ptr<archive_entry, void (*)(archive_entry*)> e(archive_entry_new(),
                                                             &archive_entry_free);
  archive_entry_set_pathname(e.get(), entry.path.c_str());
  archive_entry_set_filetype(e.get(), entry.type);
  archive_entry_set_perm(e.get(), static_cast<__LA_MODE_T>(entry.mode));
  archive_entry_set_uid(e.get(), entry.uid);
  archive_entry_set_gid(e.get(), entry.gid);
  archive_entry_set_mtime(e.get(), entry.mtime, 0);
  for (const auto& [name, value] : entry.xattrs)
    archive_entry_xattr_add_entry(e.get(), name.c_str(), value.data(), value.size());
  if (entry.type == AE_IFLNK) archive_entry_set_symlink(e.get(), entry.content.c_str());
  if (!entry.hardlink.empty()) archive_entry_set_hardlink(e.get(), entry.hardlink.c_str());
  const bool has_data = entry.type == AE_IFREG && entry.hardlink.empty();
  const auto said = entry.size >= 0 ? entry.size : static_cast<std::int64_t>(entry.content.size());
  archive_entry_set_size(e.get(), has_data ? said : 0);
  archive_write_header(a, e.get());
  if (has_data) archive_write_data(a, entry.content.data(), entry.content.size());
}

inline std::string tar(const std::vector<Entry>& entries, Pack pack = Pack::kNone) {
  std::string out;
  std::unique_ptr<archive, int (*)(archive*)> a(archive_write_new(), &archive_write_free);
  archive_write_set_format_pax_restricted(a.get());
  if (pack == Pack::kGzip) archive_write_add_filter_gzip(a.get());
  if (pack == Pack::kZstd) archive_write_add_filter_zstd(a.get());
  if (pack == Pack::kXz) archive_write_add_filter_xz(a.get());
  archive_write_set_bytes_in_last_block(a.get(), 1);
  archive_write_open(a.get(), &out, nullptr, &append, nullptr);
  for (const auto& entry : entries) write_entry(a.get(), entry);
  archive_write_close(a.get());
  return out;
}

// The same bytes through a compressor alone.
inline std::string packed(const std::string& data, Pack pack) {
  std::string out;
  std::unique_ptr<archive, int (*)(archive*)> a(archive_write_new(), &archive_write_free);
  archive_write_set_format_raw(a.get());
  if (pack == Pack::kGzip) archive_write_add_filter_gzip(a.get());
  if (pack == Pack::kZstd) archive_write_add_filter_zstd(a.get());
  archive_write_set_bytes_in_last_block(a.get(), 1);
  archive_write_open(a.get(), &out, nullptr, &append, nullptr);
  write_entry(a.get(), {.path = "data", .content = data});
  archive_write_close(a.get());
  return out;
}

// A memfd with `data`, at its start.
inline UniqueFd fd_of(const std::string& data) {
  UniqueFd fd(::memfd_create("archive", MFD_CLOEXEC));
  if (::pwrite(fd.get(), data.data(), data.size(), 0) < 0) fd.reset();
  return fd;
}

inline std::string quoted(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? ",\"" : "\"") + item + "\"";
  return out + "]";
}

inline std::string config_json(const std::vector<std::string>& diff_ids,
                               const std::string& config = R"({"Cmd":["sh"]})",
                               const std::string& architecture = "amd64") {
  return R"({"architecture":")" + architecture +
         R"(","os":"linux","created":"2024-01-02T03:04:05.6Z","config":)" + config +
         R"(,"rootfs":{"type":"layers","diff_ids":)" + quoted(diff_ids) + "}}";
}

// As `docker save` writes it: manifest.json last, layers as <n>/layer.tar.
inline std::vector<Entry> docker_archive(const std::vector<std::string>& plain_layers,
                                         const std::vector<std::string>& names,
                                         Pack pack = Pack::kNone,
                                         const std::string& config = R"({"Cmd":["sh"]})") {
  std::vector<Entry> out;
  std::vector<std::string> diff_ids, paths;
  for (std::size_t i = 0; i < plain_layers.size(); ++i) {
    diff_ids.push_back(sha256(plain_layers[i]));
    paths.push_back(std::to_string(i) + "/layer.tar");
    out.push_back(
        file(paths.back(), pack == Pack::kNone ? plain_layers[i] : packed(plain_layers[i], pack)));
  }
  const std::string json = config_json(diff_ids, config);
  const std::string config_name = hex_of(sha256(json)) + ".json";
  out.push_back(file(config_name, json));
  out.push_back(file("manifest.json", R"([{"Config":")" + config_name + R"(","RepoTags":)" +
                                          quoted(names) + R"(,"Layers":)" + quoted(paths) + "}]"));
  return out;
}

inline std::string descriptor(const std::string& type, const std::string& data,
                              const std::string& more = "") {
  return R"({"mediaType":")" + type + R"(","digest":")" + sha256(data) + R"(","size":)" +
         std::to_string(data.size()) + more + "}";
}

inline Entry blob(const std::string& data) {
  return file("blobs/sha256/" + hex_of(sha256(data)), data);
}

// An OCI layout's files, with a nested index for two platforms.
inline std::vector<Entry> oci_layout(const std::vector<std::string>& plain_layers,
                                     const std::string& name, Pack pack = Pack::kNone) {
  const std::string base = "application/vnd.oci.image.";
  std::vector<Entry> out{file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})")};
  std::vector<std::string> diff_ids;
  std::string layers;
  for (const auto& plain : plain_layers) {
    const std::string data = pack == Pack::kNone ? plain : packed(plain, pack);
    diff_ids.push_back(sha256(plain));
    layers += (layers.empty() ? "" : ",") + descriptor(base + "layer.v1.tar", data);
    out.push_back(blob(data));
  }
  const std::string config = config_json(diff_ids);
  const std::string manifest = R"({"schemaVersion":2,"config":)" +
                               descriptor(base + "config.v1+json", config) + R"(,"layers":[)" +
                               layers + "]}";
  const std::string arm = R"({"schemaVersion":2})";
  const std::string nested = R"({"schemaVersion":2,"manifests":[)" +
                             descriptor(base + "manifest.v1+json", arm,
                                        R"(,"platform":{"os":"linux","architecture":"arm64"})") +
                             "," +
                             descriptor(base + "manifest.v1+json", manifest,
                                        R"(,"platform":{"os":"linux","architecture":"amd64"})") +
                             "]}";
  for (const auto& data : {config, manifest, nested}) out.push_back(blob(data));
  out.push_back(file(
      "index.json",
      R"({"schemaVersion":2,"manifests":[)" +
          descriptor(base + "index.v1+json", nested,
                     R"(,"annotations":{"org.opencontainers.image.ref.name":")" + name + R"("})") +
          "]}"));
  return out;
}

// A directory of its own, gone with the object.
class TempDir {
 public:
  TempDir() : path_(scratch_directory("image")) {}
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace podctl::image::test
