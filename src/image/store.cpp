#include "podctl/image/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "hash.hpp"
#include "load.hpp"
#include "podctl/base/text.hpp"
#include "podctl/image/reference.hpp"
#include "store_impl.hpp"
#include "unpack.hpp"

namespace podctl::image {
namespace {

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";

Failure no_such_image(std::string_view reference) {
  return fail(Code::kNotFound, "find image", "\"" + std::string(reference) + "\"",
              "not in the image store");
}

// Makes `path` and what is missing above it; the system's own directories keep their mode.
Result<UniqueFd> make_store_directory(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (::mkdirat(AT_FDCWD, path.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST)
      return fail_errno(errno, "make directory", path.substr(0, slash));
  }
  return make_directory(AT_FDCWD, path);
}

Result<UniqueFd> lock_store(int root, const std::string& path) {
  UniqueFd lock(::openat(root, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return fail_errno(errno, "open lock of", path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK)
    return fail(Code::kConflict, "open image store", path, "another process has it open");
  return fail_errno(errno, "lock image store", path);
}

bool is_id(std::string_view reference) { return valid_digest(reference); }

// 12 or more digits of an id, as `image ls` shows it.
bool is_short_id(std::string_view reference) {
  return reference.size() >= 12 && reference.size() <= 64 &&
         reference.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

const Record* find_short(const Index& index, std::string_view digits) {
  const Record* found = nullptr;
  for (const auto& record : index) {
    if (!std::string_view(record.image.id).substr(7).starts_with(digits)) continue;
    if (found != nullptr) return nullptr;  // ambiguous
    found = &record;
  }
  return found;
}

bool has_name(const Image& image, const std::string& name) {
  return std::ranges::find(image.names, name) != image.names.end();
}

// nginx@sha256:…: the manifest's digest, under a name of that repository.
const Record* find_pinned(const Index& index, const Reference& reference) {
  for (const auto& record : index) {
    if (record.image.digest != reference.digest) continue;
    const std::string prefix = reference.name() + ":";
    if (std::ranges::any_of(record.image.names,
                            [&](const std::string& name) { return name.starts_with(prefix); }))
      return &record;
  }
  return nullptr;
}

Result<const Record*> find_record(const Index& index, std::string_view reference) {
  if (is_id(reference)) {
    for (const auto& record : index)
      if (record.image.id == reference) return &record;
    return no_such_image(reference);
  }
  if (is_short_id(reference)) {
    if (const Record* found = find_short(index, reference)) return found;
    if (reference.size() == 64) return no_such_image(reference);
  }
  const auto parsed = TRY(Reference::parse(reference));
  if (!parsed.digest.empty()) {
    if (const Record* found = find_pinned(index, parsed)) return found;
    return no_such_image(reference);
  }
  for (const auto& record : index)
    if (has_name(record.image, parsed.str())) return &record;
  return no_such_image(reference);
}

Result<Index::iterator> find_in(Index& index, std::string_view reference) {
  const Record* record = TRY(find_record(index, reference));
  return index.begin() + (record - index.data());
}

}  // namespace

Result<Staging> Staging::make(Store::Impl& store) {
  std::string name = std::to_string(::getpid()) + "." + std::to_string(store.counter++);
  auto fd = TRY(make_directory(store.tmp.get(), name));
  return Staging(store.tmp.get(), std::move(name), std::move(fd));
}

Result<std::string> Store::Impl::blob(const std::string& digest) const {
  auto fd = TRY(open_file(blobs.get(), hex_of(digest)));
  return read_all(fd.get(), limits.max_json_bytes, digest);
}

Result<Record> Store::Impl::record(const oci::Descriptor& manifest) const {
  const auto text = TRY(blob(manifest.digest));
  const auto parsed = TRY(oci::parse_manifest(text, manifest.digest));
  const auto config = TRY(blob(parsed.config.digest));
  auto configuration = TRY(oci::parse_configuration(config, parsed.config.digest));
  Record out{.manifest = manifest};
  out.manifest.name.clear();
  out.blobs = {manifest.digest, parsed.config.digest};
  auto& image = out.image;
  image.id = parsed.config.digest;
  image.digest = manifest.digest;
  image.size = config.size();
  for (const auto& layer : parsed.layers) {
    image.size += layer.size;
    out.blobs.push_back(layer.digest);
  }
  image.created = configuration.created;
  image.config = std::move(configuration.config);
  image.diff_ids = std::move(configuration.diff_ids);
  for (auto id = image.diff_ids.rbegin(); id != image.diff_ids.rend(); ++id)
    image.layers.push_back(path + "/layers/" + hex_of(*id));
  return out;
}

Result<Index> Store::Impl::read_index() const {
  auto fd = open_file(root.get(), "index.json");
  if (!fd && fd.error().code == Code::kNotFound) return Index{};
  if (!fd) return Failure(std::move(fd).error());
  const auto text = TRY(read_all(fd->get(), limits.max_json_bytes, path + "/index.json"));
  Index out;
  for (const auto& descriptor : TRY(oci::parse_index(text, path + "/index.json"))) {
    auto known =
        std::ranges::find(out, descriptor.digest,
                          [](const Record& r) -> const std::string& { return r.manifest.digest; });
    if (known == out.end()) {
      out.push_back(TRY_CONTEXT(record(descriptor), "image store \"" + path + "\""));
      known = out.end() - 1;
    }
    if (!descriptor.name.empty()) known->image.names.push_back(descriptor.name);
  }
  return out;
}

Result<void> Store::Impl::commit(Index next) {
  std::ranges::sort(next, {}, [](const Record& r) {
    return std::pair(r.image.names.empty() ? std::string("~") : r.image.names.front(), r.image.id);
  });
  std::vector<oci::Descriptor> descriptors;
  for (const auto& record : next) {
    auto descriptor = record.manifest;
    if (record.image.names.empty()) descriptors.push_back(descriptor);
    for (const auto& name : record.image.names) {
      descriptor.name = name;
      descriptors.push_back(descriptor);
    }
  }
  TRY(replace_file(root.get(), "index.json", oci::write_index(descriptors)));
  auto shared = std::make_shared<const Index>(std::move(next));
  std::lock_guard guard(index_mutex);
  index = std::move(shared);
  return {};
}

Result<void> Store::Impl::take_name(Index& from, const std::string& name,
                                    const std::string& id) const {
  for (auto& record : from) {
    auto& image = record.image;
    if (!has_name(image, name)) continue;
    if (name == kept_name && image.id != id)
      return fail(Code::kFailedPrecondition, "name image", "\"" + name + "\"",
                  "it is the name of the image that is built in; choose another one");
    std::erase(image.names, name);
  }
  return {};
}

Result<void> Store::Impl::sweep() {
  std::set<std::string> kept_blobs, kept_layers;
  const auto current = snapshot();
  for (const auto& record : *current) {
    for (const auto& digest : record.blobs) kept_blobs.insert(hex_of(digest));
    for (const auto& id : record.image.diff_ids) kept_layers.insert(hex_of(id));
  }
  for (const auto& name : TRY(entries(blobs.get(), "."))) {
    if (!kept_blobs.contains(name) && ::unlinkat(blobs.get(), name.c_str(), 0) != 0)
      return fail_errno(errno, "remove blob", name);
  }
  for (const auto& name : TRY(entries(layers.get(), "."))) {
    if (kept_layers.contains(name)) continue;
    // Out of layers/ at once: a half-removed layer must never look like a whole one.
    const std::string away = "gone." + std::to_string(::getpid()) + "." + std::to_string(counter++);
    if (::renameat(layers.get(), name.c_str(), tmp.get(), away.c_str()) != 0)
      return fail_errno(errno, "remove layer", name);
    TRY(remove_tree(tmp.get(), away));
  }
  return {};
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& path, Limits limits) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->limits = limits;
  impl->root = TRY(make_store_directory(path));
  impl->lock = TRY(lock_store(impl->root.get(), path));
  impl->tmp = TRY(make_directory(impl->root.get(), "tmp"));
  impl->layers = TRY(make_directory(impl->root.get(), "layers"));
  (void)TRY(make_directory(impl->root.get(), "blobs"));
  impl->blobs = TRY(make_directory(impl->root.get(), "blobs/sha256"));
  for (const auto& name : TRY(entries(impl->tmp.get(), ".")))
    TRY(remove_tree(impl->tmp.get(), name));
  if (!open_file(impl->root.get(), "oci-layout"))
    TRY(replace_file(impl->root.get(), "oci-layout", kLayoutFile));
  impl->index = std::make_shared<const Index>(TRY(impl->read_index()));
  TRY(impl->sweep());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

namespace {

// Adds them; the names that the source gave them, an id where it gave none.
Result<std::vector<std::string>> add_all(Loader& loader, std::vector<Candidate> candidates) {
  std::vector<std::vector<std::string>> given;
  for (const auto& candidate : candidates) given.push_back(candidate.names);
  const auto images = TRY(loader.add(std::move(candidates)));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (given[i].empty()) out.push_back(images[i].id);
    out.insert(out.end(), given[i].begin(), given[i].end());
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> Store::load_archive(int fd, std::string_view label) {
  const Utf8Names names;
  const std::string archive(label);
  auto staging = TRY(Staging::make(*impl_));
  auto source = TRY(Source::archive(fd, archive, staging.fd(), impl_->limits));
  Loader loader(*impl_, staging.fd(), archive);
  auto candidates = TRY(loader.find(*source));
  std::lock_guard guard(impl_->work);
  return add_all(loader, std::move(candidates));
}

Result<std::vector<std::string>> Store::load_path(const std::string& path) {
  UniqueFd fd(::openat(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0) return fail_errno(errno, "open archive", path);
  if (!S_ISDIR(st.st_mode)) return load_archive(fd.get(), path);
  auto staging = TRY(Staging::make(*impl_));
  auto source = TRY(Source::directory(std::move(fd), path, staging.fd(), impl_->limits));
  Loader loader(*impl_, staging.fd(), path);
  const Utf8Names names;
  auto candidates = TRY(loader.find(*source));
  std::lock_guard guard(impl_->work);
  return add_all(loader, std::move(candidates));
}

namespace {

// The uncompressed tar, whatever compression it came in: an OCI layer may be plain, gzip or zstd
// only.
Result<Blob> spool_plain(int fd, int staging, const TarOptions& options) {
  auto plain = TRY(PlainStream::make(fd, options));
  Blob blob{.file = "rootfs"};
  auto out = TRY(create_file(staging, blob.file));
  for (;;) {
    const auto piece = TRY(plain->next());
    if (piece.empty()) break;
    TRY(write_all(out.get(), piece, options.label));
    blob.size += piece.size();
  }
  blob.digest = TRY(plain->finish());
  return blob;
}

// The newest entry's time becomes the image's: the same tar gives the same image.
Result<std::int64_t> newest_entry(int fd, const TarOptions& options) {
  auto tar = TRY(TarReader::make(fd, options));
  std::int64_t newest = 0;
  std::size_t count = 0;
  for (archive_entry* entry = TRY(tar->next()); entry != nullptr; entry = TRY(tar->next())) {
    newest = std::max<std::int64_t>(newest, archive_entry_mtime(entry));
    ++count;
  }
  if (count == 0)
    return fail(Code::kCorrupt, "import", "\"" + options.label + "\"", "an empty archive");
  return newest;
}

}  // namespace

Result<Image> Store::import_rootfs(int fd, std::string_view name, const ImageConfig& config,
                                   std::string_view label) {
  const Utf8Names names;
  const TarOptions options{
      .label = std::string(label), .max_bytes = impl_->limits.max_bytes, .every_filter = true};
  auto reference = TRY(Reference::parse(name));
  if (!reference.digest.empty())
    return fail(Code::kInvalidArgument, "import", "\"" + std::string(name) + "\"",
                "a name of a new image has no digest");
  auto staging = TRY(Staging::make(*impl_));
  Candidate candidate{.names = {reference.str()}};
  candidate.layers = {TRY(spool_plain(fd, staging.fd(), options))};
  oci::Configuration configuration{.config = config, .diff_ids = {candidate.layers[0].digest}};
  auto plain = TRY(open_file(staging.fd(), candidate.layers[0].file));
  configuration.created = TRY(newest_entry(plain.get(), options));
  const std::string text = oci::write_configuration(configuration);
  auto file = TRY(create_file(staging.fd(), "config"));
  TRY(write_all(file.get(), text, "configuration"));
  candidate.config = {.file = "config", .digest = sha256(text), .size = text.size()};
  Loader loader(*impl_, staging.fd(), options.label);
  std::lock_guard guard(impl_->work);
  auto images = TRY(loader.add({std::move(candidate)}));
  return std::move(images.front());
}

Result<Image> Store::resolve(std::string_view reference) const {
  const auto index = impl_->snapshot();
  return TRY(find_record(*index, reference))->image;
}

std::vector<Image> Store::list() const {
  std::vector<Image> out;
  const auto index = impl_->snapshot();
  for (const auto& record : *index) out.push_back(record.image);
  return out;
}

Result<std::string> Store::inspect(std::string_view reference) const {
  const auto image = TRY(resolve(reference));
  return oci::write_record(image, TRY(impl_->blob(image.id)));
}

Result<Image> Store::tag(std::string_view source, std::string_view name) {
  const auto reference = TRY(Reference::parse(name));
  if (!reference.digest.empty())
    return fail(Code::kInvalidArgument, "tag image", "\"" + std::string(name) + "\"",
                "a new name has no digest");
  std::lock_guard guard(impl_->work);
  Index next = *impl_->snapshot();
  const auto record = TRY(find_in(next, source));
  TRY(impl_->take_name(next, reference.str(), record->image.id));
  record->image.names.push_back(reference.str());
  std::ranges::sort(record->image.names);
  Image image = record->image;
  TRY(impl_->commit(std::move(next)));
  return image;
}

Result<Image> Store::remove(std::string_view reference, const InUse& in_use) {
  std::lock_guard guard(impl_->work);
  Index next = *impl_->snapshot();
  const auto record = TRY(find_in(next, reference));
  Image image = record->image;
  const auto parsed = Reference::parse(reference);
  const bool by_name = parsed && has_name(image, parsed->str());
  if (by_name && image.names.size() > 1) {
    std::erase(record->image.names, parsed->str());
  } else {
    if (in_use && in_use(image.id))
      return fail(Code::kFailedPrecondition, "remove image", "\"" + std::string(reference) + "\"",
                  "a pod uses it");
    next.erase(record);
  }
  TRY(impl_->commit(std::move(next)));
  TRY(impl_->sweep());
  return image;
}

void Store::keep_name(std::string_view name) {
  std::lock_guard guard(impl_->work);
  impl_->kept_name = name;
}

Result<bool> ensure_embedded(Store& store, const std::string& tar) {
  if (store.resolve(kEmbeddedImage)) {
    store.keep_name(kEmbeddedImage);
    return false;
  }
  UniqueFd fd(::openat(AT_FDCWD, tar.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open embedded image", tar);
  const ImageConfig config{
      .cmd = {"sh"}, .env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
  TRY(store.import_rootfs(fd.get(), kEmbeddedImage, config, tar));
  store.keep_name(kEmbeddedImage);
  return true;
}

}  // namespace podctl::image
