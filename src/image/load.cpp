#include "load.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "hash.hpp"
#include "podctl/base/text.hpp"
#include "podctl/image/reference.hpp"
#include "unpack.hpp"

namespace podctl::image {
namespace {

bool exists(int parent, const std::string& name) {
  struct stat st {};
  return ::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

// "" plain, "+gzip" or "+zstd": by the first bytes, since media types are often wrong.
Result<std::string> compression(int staging, const Blob& blob) {
  auto fd = TRY(open_file(staging, blob.file));
  unsigned char head[4] = {};
  if (::pread(fd.get(), head, sizeof head, 0) < 0) return fail_errno(errno, "read", blob.digest);
  if (head[0] == 0x1f && head[1] == 0x8b) return std::string("+gzip");
  if (head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd)
    return std::string("+zstd");
  return std::string();
}

// The digest that a docker-archive's file name promises: "<hex>.json", "blobs/sha256/<hex>".
std::string promised_digest(const std::string& name) {
  std::string stem = name.substr(name.rfind('/') + 1);
  if (stem.ends_with(".json")) stem.resize(stem.size() - 5);
  const std::string digest = "sha256:" + stem;
  return valid_digest(digest) ? digest : std::string();
}

}  // namespace

Failure Loader::corrupt(const std::string& what, const std::string& why) const {
  return fail(Code::kCorrupt, "load archive", "\"" + label_ + "\"", what + ": " + why);
}

Result<std::string> Loader::document(const Blob& blob, const std::string& what) {
  auto fd = TRY(open_file(staging_, blob.file));
  return TRY_CONTEXT(read_all(fd.get(), store_.limits.max_json_bytes, what),
                     "archive \"" + label_ + "\"");
}

Result<std::vector<std::string>> Loader::normalise(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& name : names) {
    auto reference = TRY_CONTEXT(Reference::parse(name), "archive \"" + label_ + "\"");
    reference.digest.clear();
    if (!reference.tag.empty()) out.push_back(reference.str());
  }
  return out;
}

Result<std::vector<Candidate>> Loader::find(Source& source) {
  if (source.has("manifest.json")) return find_saved(source);
  if (!source.has("index.json"))
    return corrupt("neither docker-archive nor OCI layout", "no manifest.json and no index.json");
  std::vector<Candidate> out;
  TRY(find_indexed(source, "index.json", "", 0, out));
  if (out.empty())
    return fail(Code::kNotFound, "load archive", "\"" + label_ + "\"",
                "it has no image for linux/amd64");
  return out;
}

Result<std::vector<Candidate>> Loader::find_saved(Source& source) {
  const auto manifest = TRY(document(TRY(source.take("manifest.json")), "manifest.json"));
  std::vector<Candidate> out;
  for (const auto& saved : TRY(oci::parse_saved(manifest, label_ + "/manifest.json"))) {
    // Not one braced initialiser: g++ 12 leaks the members already built when a later TRY leaves
    // it.
    Candidate candidate;
    candidate.names = TRY(normalise(saved.names));
    candidate.config = TRY(source.take(saved.config));
    candidate.verified = !saved.layers.empty();
    std::vector<std::pair<std::string, const Blob*>> files{{saved.config, &candidate.config}};
    for (const auto& name : saved.layers) {
      candidate.layers.push_back(TRY(source.take(name)));
      candidate.verified = candidate.verified && !promised_digest(name).empty();
    }
    for (std::size_t i = 0; i < saved.layers.size(); ++i)
      files.emplace_back(saved.layers[i], &candidate.layers[i]);
    for (const auto& [name, blob] : files) {
      const std::string promised = promised_digest(name);
      if (!promised.empty() && promised != blob->digest)
        return corrupt("\"" + name + "\"", "its digest is " + blob->digest);
    }
    out.push_back(std::move(candidate));
  }
  if (out.empty()) return corrupt("manifest.json", "it names no image");
  return out;
}

Result<Blob> Loader::take_checked(Source& source, const std::string& digest) {
  auto blob = TRY(source.take("blobs/sha256/" + hex_of(digest)));
  if (blob.digest != digest) return corrupt("blob " + digest, "its digest is " + blob.digest);
  return blob;
}

Result<void> Loader::find_indexed(Source& source, const std::string& file, const std::string& name,
                                  int depth, std::vector<Candidate>& out) {
  if (depth > 4) return corrupt(file, "indexes nested too deep");
  const auto blob = TRY(source.take(file));
  const auto index = TRY(document(blob, file));
  for (const auto& descriptor : TRY(oci::parse_index(index, label_ + "/" + file))) {
    if (!descriptor.fits) continue;
    const auto& known = descriptor.name.empty() ? name : descriptor.name;
    if (descriptor.is_index) {
      (void)TRY(take_checked(source, descriptor.digest));
      TRY(find_indexed(source, "blobs/sha256/" + hex_of(descriptor.digest), known, depth + 1, out));
    } else {
      out.push_back(TRY(find_manifest(source, descriptor, known)));
    }
  }
  return {};
}

Result<Candidate> Loader::find_manifest(Source& source, const oci::Descriptor& descriptor,
                                        const std::string& name) {
  Candidate candidate{.verified = true};
  const auto blob = TRY(take_checked(source, descriptor.digest));
  candidate.manifest = TRY(document(blob, descriptor.digest));
  if (!name.empty()) candidate.names = TRY(normalise({name}));
  const auto manifest =
      TRY(oci::parse_manifest(candidate.manifest, label_ + "/" + descriptor.digest));
  candidate.config = TRY(take_checked(source, manifest.config.digest));
  for (const auto& layer : manifest.layers)
    candidate.layers.push_back(TRY(take_checked(source, layer.digest)));
  return candidate;
}

// Into the staging directory; the layer becomes one of the store's only when the digest is right.
Result<void> Loader::unpack_layer(const Blob& blob, const std::string& diff_id) {
  const std::string name = "l" + std::to_string(layers_.size());
  auto fd = TRY(open_file(staging_, blob.file));
  auto directory = TRY(make_directory(staging_, name, 0755));
  auto trash = TRY(make_directory(staging_, name + ".trash"));
  if (::fchmod(directory.get(), 0755) != 0) return fail_errno(errno, "set mode of", name);
  auto tar = TRY(TarReader::make(
      fd.get(), {.label = label_ + " " + diff_id, .max_bytes = store_.limits.max_bytes}));
  const auto done = TRY(unpack(*tar, directory.get(), trash.get(), store_.limits));
  if (done.diff_id != diff_id)
    return corrupt("layer " + diff_id, "its content's digest is " + done.diff_id);
  layers_[diff_id] = name;
  return {};
}

// Digest before unpack: a plain layer's blob digest is its diff_id; a compressed one that no
// manifest vouches for is read once more to know it.
Result<oci::Descriptor> Loader::stage_layer(const Blob& blob, const std::string& diff_id,
                                            bool verified) {
  const auto packed = TRY(compression(staging_, blob));
  if (packed.empty() && blob.digest != diff_id)
    return corrupt("layer " + diff_id, "its digest is " + blob.digest);
  const bool known = layers_.contains(diff_id) || exists(store_.layers.get(), hex_of(diff_id));
  if (!packed.empty() && (!verified || known)) {
    auto fd = TRY(open_file(staging_, blob.file));
    auto plain = TRY(PlainStream::make(
        fd.get(), {.label = label_ + " " + diff_id, .max_bytes = store_.limits.max_bytes}));
    const auto digest = TRY(plain->finish());
    if (digest != diff_id) return corrupt("layer " + diff_id, "its content's digest is " + digest);
  }
  if (!known) TRY(unpack_layer(blob, diff_id));
  blobs_[blob.digest] = blob.file;
  return oci::Descriptor{.media_type = std::string(oci::kLayerType) + packed,
                         .digest = blob.digest,
                         .size = blob.size};
}

Result<Record> Loader::stage(Candidate& candidate) {
  const auto text = TRY(document(candidate.config, "configuration"));
  auto configuration = TRY(oci::parse_configuration(text, label_ + "/" + candidate.config.digest));
  if (configuration.diff_ids.size() != candidate.layers.size())
    return corrupt("configuration", "it names " + std::to_string(configuration.diff_ids.size()) +
                                        " layers, the manifest " +
                                        std::to_string(candidate.layers.size()));
  oci::Manifest manifest;
  manifest.config = {.media_type = std::string(oci::kConfigType),
                     .digest = candidate.config.digest,
                     .size = candidate.config.size};
  for (std::size_t i = 0; i < candidate.layers.size(); ++i)
    manifest.layers.push_back(
        TRY(stage_layer(candidate.layers[i], configuration.diff_ids[i], candidate.verified)));
  blobs_[candidate.config.digest] = candidate.config.file;
  if (candidate.manifest.empty()) candidate.manifest = oci::write_manifest(manifest);
  const std::string digest = sha256(candidate.manifest);
  if (!blobs_.contains(digest)) {
    const std::string file = "m" + std::to_string(blobs_.size());
    auto fd = TRY(create_file(staging_, file));
    TRY(write_all(fd.get(), candidate.manifest, file));
    blobs_[digest] = file;
  }
  Record record{.manifest = {.media_type = std::string(oci::kManifestType),
                             .digest = digest,
                             .size = candidate.manifest.size()}};
  record.image.id = candidate.config.digest;
  record.image.names = candidate.names;
  return record;
}

// Content reaches the disk before its name does: a name that exists is whole, also after a power
// cut.
Result<void> Loader::put_in_place() {
  if (::syncfs(store_.root.get()) != 0) return fail_errno(errno, "sync", store_.path);
  for (const auto& [diff_id, name] : layers_) {
    if (::renameat(staging_, name.c_str(), store_.layers.get(), hex_of(diff_id).c_str()) != 0)
      return fail_errno(errno, "rename layer", diff_id);
  }
  for (const auto& [digest, file] : blobs_) {
    if (::renameat(staging_, file.c_str(), store_.blobs.get(), hex_of(digest).c_str()) != 0)
      return fail_errno(errno, "rename blob", digest);
  }
  if (::fsync(store_.layers.get()) != 0 || ::fsync(store_.blobs.get()) != 0)
    return fail_errno(errno, "sync", store_.path);
  return {};
}

Result<std::vector<Image>> Loader::add(std::vector<Candidate> candidates) {
  std::vector<Record> records;
  for (auto& candidate : candidates) records.push_back(TRY(stage(candidate)));
  TRY(put_in_place());
  Index next = *store_.snapshot();
  std::vector<Image> out;
  for (const auto& staged : records) {
    auto record = TRY(store_.record(staged.manifest));
    for (const auto& name : staged.image.names) TRY(store_.take_name(next, name, record.image.id));
    auto& names = record.image.names;
    names = staged.image.names;
    const auto same = std::ranges::find(
        next, record.image.id, [](const Record& r) -> const std::string& { return r.image.id; });
    if (same != next.end()) {
      names.insert(names.end(), same->image.names.begin(), same->image.names.end());
      next.erase(same);
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    out.push_back(record.image);
    next.push_back(std::move(record));
  }
  TRY(store_.commit(std::move(next)));
  TRY(store_.sweep());
  return out;
}

}  // namespace podctl::image
