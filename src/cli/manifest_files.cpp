#include "cli/manifest_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "podctl/api/selector.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMaxFile = 8U
                                 << 20;  // api's own limit is lower; this one bounds what is read

Failure too_large(const std::string& name) {
  return fail(Code::kInvalidArgument, "read", name, "larger than 8 MiB");
}

Result<std::string> read_all(int fd, const std::string& name) {
  struct stat st {};
  const bool sized = ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  const auto size = static_cast<std::uint64_t>(sized ? st.st_size : 0);
  if (size > kMaxFile) return too_large(name);
  std::string text;
  char block[64U << 10];
  // Only what is written to takes memory; growing would copy it again and again.
  text.reserve((sized ? size : kMaxFile) + sizeof block);
  for (;;) {
    const ssize_t n = ::read(fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read", name);
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
    if (text.size() > kMaxFile) return too_large(name);
  }
}

Result<ManifestFile> read_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return fail(Code::kNotFound, "the path \"" + path + "\" does not exist", {});
  if (!fd) return fail_errno(errno, "open", path);
  return ManifestFile{path, TRY(read_all(fd.get(), path))};
}

bool manifest_name(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<void> add_directory(const std::string& path, bool recursive,
                           std::vector<ManifestFile>& files) {
  std::vector<fs::path> found, below;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) {
      // As kubectl: a link may lead back up, and then there is no end to it.
      if (!entry.is_symlink(ignored)) below.push_back(entry.path());
    } else if (manifest_name(entry.path()) && entry.is_regular_file(ignored)) {
      found.push_back(entry.path());
    }
  }
  if (error) return fail_errno(error.value(), "read the directory", path);
  std::sort(found.begin(), found.end());
  std::sort(below.begin(), below.end());
  for (const auto& file : found) files.push_back(TRY(read_file(file.string())));
  if (!recursive) return {};
  for (const auto& directory : below) TRY(add_directory(directory.string(), true, files));
  return {};
}

}  // namespace

namespace {

// kubectl takes several in one -f, parted by commas; a file whose name has one is itself.
std::vector<std::string> listed(const std::vector<std::string_view>& values) {
  std::vector<std::string> paths;
  for (std::string_view value : values) {
    std::error_code error;
    if (fs::exists(value, error)) {
      paths.emplace_back(value);
      continue;
    }
    for (std::string_view path : text::split(value, ',')) paths.emplace_back(path);
  }
  return paths;
}

}  // namespace

Result<std::string> read_plain_file(const std::string& path) {
  // A FIFO would hold up the open.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open", path);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat", path);
  if (!S_ISREG(st.st_mode)) return fail(Code::kInvalidArgument, "read", path, "it is no file");
  return read_all(fd.get(), path);
}

Result<std::vector<ManifestFile>> read_manifests(const std::vector<std::string_view>& paths,
                                                 bool recursive) {
  std::vector<ManifestFile> files;
  for (const std::string& path : listed(paths)) {
    if (path == "-") {
      files.push_back({"STDIN", TRY(read_all(STDIN_FILENO, "STDIN"))});
      continue;
    }
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(TRY(read_file(path)));
      continue;
    }
    const std::size_t before = files.size();
    TRY(add_directory(path, recursive, files));
    if (files.size() == before) {
      return fail(Code::kNotFound, "no manifest in the directory \"" + path + "\"", {},
                  "looked for *.yaml, *.yml and *.json");
    }
  }
  return files;
}

namespace {

// What these commands do to an object they do by its name.
void need_name(const api::Manifest& m, api::Faults& faults) {
  if (!m.metadata().name.empty() || m.metadata().generateName.empty()) return;
  faults.push_back(
      {"metadata.generateName", "FieldValueInvalid", "cannot be used here: give metadata.name",
       api::locate(m.tree, "metadata.generateName"), api::keeps_secrets(m.kind->type())});
}

}  // namespace

Result<std::vector<LoadedFile>> load_files(Invocation& in, api::Bar bar) {
  std::vector<LoadedFile> out;
  std::size_t faults = 0, objects = 0;
  std::string shown;
  for (ManifestFile& file :
       TRY(read_manifests(in.args.all("filename"), in.args.flag("recursive")))) {
    api::Loaded loaded = api::load_manifests(file.text, in.ns(), bar);
    for (const api::Manifest& m : loaded.manifests) need_name(m, loaded.faults);
    api::sort_by_place(loaded.faults);
    shown += api::render(loaded.faults, file.name, file.text);
    faults += loaded.faults.size();
    objects += loaded.manifests.size();
    out.push_back({std::move(file), std::move(loaded)});
  }
  if (faults > 0) {
    in.err(shown);
    return fail(Code::kInvalidArgument,
                std::to_string(faults) + (faults == 1 ? " fault" : " faults"), {},
                "nothing was changed");
  }
  if (objects == 0) return fail(Code::kInvalidArgument, "no objects passed to " + in.args.path, {});
  for (const LoadedFile& f : out) {
    for (const api::Manifest& m : f.loaded.manifests) {
      const std::string& ns = m.metadata().namespace_;
      if (!in.args.has("namespace") || ns == in.ns()) continue;
      return fail(Code::kInvalidArgument,
                  "the namespace from the provided object \"" + ns +
                      "\" does not match the namespace \"" + in.ns() + "\"",
                  {}, "give --namespace=" + ns);
    }
  }
  return out;
}

Result<std::vector<ObjectRef>> manifest_names(Invocation& in) {
  const auto selector = TRY(api::LabelSelectorExpr::parse(in.args.get("selector")));
  std::vector<ObjectRef> refs;
  for (const LoadedFile& f : TRY(load_files(in, api::Bar::kKubernetes))) {
    for (const api::Manifest& m : f.loaded.manifests) {
      const api::ObjectMeta& meta = m.metadata();
      if (!selector.matches(meta.labels)) continue;
      refs.push_back({&resource_of(*m.kind), meta.name, meta.namespace_});
    }
  }
  return refs;
}

}  // namespace podctl::cli
