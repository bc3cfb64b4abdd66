#include "node/log_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <string_view>

namespace podctl::node {
namespace {

constexpr std::string_view kCompressed = ".gz", kUnfinished = ".tmp";
constexpr std::string_view kRotated = ".log.";
constexpr std::size_t kTime = 15;  // yyyymmdd-hhmmss
// Far more than a log holds that is rotated: what compresses to less was not written by a shim.
constexpr std::uint64_t kMostText = std::uint64_t{1} << 30U;

struct CloseGzip {
  void operator()(gzFile file) const { ::gzclose(file); }
};
using Gzip = std::unique_ptr<gzFile_s, CloseGzip>;

// Over a copy of the descriptor, which stays open. Null: errno.
Gzip open_gzip(int fd, const char* mode) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return nullptr;
  Gzip file(::gzdopen(copy, mode));
  if (!file) ::close(copy);
  return file;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return names;
  while (const auto* entry = ::readdir(dir)) names.emplace_back(entry->d_name);
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

std::string_view without(std::string_view name, std::string_view end) {
  if (name.ends_with(end)) name.remove_suffix(end.size());
  return name;
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "keep text of", path);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<UniqueFd> decompressed(const std::string& path) {
  const UniqueFd packed(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!packed) return fail_errno(errno, "open log", path);
  UniqueFd text(::memfd_create("podctld-log", MFD_CLOEXEC));
  if (!text) return fail_errno(errno, "make memory file for", path);
  const Gzip reader = open_gzip(packed.get(), "rb");
  if (!reader) return fail_errno(errno, "decompress log", path);
  std::array<char, 64U << 10> block{};
  std::uint64_t size = 0;
  for (;;) {
    const int n = ::gzread(reader.get(), block.data(), block.size());
    int fault = Z_OK;  // at the end too: it may come too early
    if (n <= 0) ::gzerror(reader.get(), &fault);
    if (n < 0 || fault < 0 || (size += static_cast<std::uint64_t>(n)) > kMostText)
      return fail(Code::kCorrupt, "decompress log", path,
                  "it is not what podctld has compressed: remove it");
    if (n == 0) break;
    TRY(write_all(text.get(), {block.data(), static_cast<std::size_t>(n)}, path));
  }
  if (::lseek(text.get(), 0, SEEK_SET) < 0) return fail_errno(errno, "read log", path);
  return text;
}

Result<void> pack(int from, int to, const std::string& path) {
  Gzip writer = open_gzip(to, "wb");
  if (!writer) return fail_errno(errno, "compress log", path);
  std::array<char, 64U << 10> block{};
  for (;;) {
    const auto n = ::read(from, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read log", path);
    if (n == 0) break;
    if (::gzwrite(writer.get(), block.data(), static_cast<unsigned>(n)) != n)
      return fail_errno(errno, "compress log", path);
  }
  if (::gzclose(writer.release()) != Z_OK) return fail_errno(errno, "compress log", path);
  if (::fsync(to) != 0) return fail_errno(errno, "write to disk", path);
  return {};
}

// The shim may remove the file meanwhile, as one of too many: then nothing is left of it.
Result<void> compress(const std::string& path) {
  const std::string packed = path + std::string(kCompressed);
  const std::string unfinished = packed + std::string(kUnfinished);
  const UniqueFd from(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!from && errno == ENOENT) return {};
  if (!from) return fail_errno(errno, "open log", path);
  const UniqueFd to(
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!to) return fail_errno(errno, "make file", unfinished);
  auto done = pack(from.get(), to.get(), path);
  if (done && ::rename(unfinished.c_str(), packed.c_str()) != 0)
    done = fail_errno(errno, "rename file", unfinished);
  if (!done) {
    ::unlink(unfinished.c_str());
    return done;
  }
  if (::unlink(path.c_str()) != 0 && errno == ENOENT) ::unlink(packed.c_str());
  return {};
}

// "0.log" of "0.log.20260131-120005"; empty for what is no rotated log.
std::string_view log_of(std::string_view name) {
  const auto at = name.find(kRotated);
  if (at == std::string_view::npos || name.size() != at + kRotated.size() + kTime) return {};
  return name.substr(0, at + kRotated.size() - 1);
}

}  // namespace

std::vector<std::string> rotated_logs(const std::string& log) {
  const auto slash = log.rfind('/');
  const std::string directory = log.substr(0, slash + 1), prefix = log.substr(slash + 1) + ".";
  std::vector<std::string> files;
  for (const std::string_view name : names_in(directory)) {
    if (!name.starts_with(prefix) || name.ends_with(kUnfinished)) continue;
    files.push_back(directory + std::string(without(name, kCompressed)));
  }
  // Both forms are there for a moment.
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

Result<UniqueFd> open_log(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return fd;
  if (errno != ENOENT) return fail_errno(errno, "open log", path);
  return decompressed(path + std::string(kCompressed));
}

Result<bool> compress_log(const std::string& directory) {
  std::map<std::string_view, std::vector<std::string>> waiting;  // by log, oldest first
  const auto names = names_in(directory);
  for (const auto& name : names) {
    // Of a podctld that was killed.
    if (name.ends_with(std::string(kCompressed) + std::string(kUnfinished)))
      ::unlink((directory + "/" + name).c_str());
    if (const auto log = log_of(name); !log.empty()) waiting[log].push_back(name);
  }
  for (const auto& [log, files] : waiting) {
    if (files.size() < 2) continue;
    TRY(compress(directory + "/" + files.front()));
    return true;
  }
  return false;
}

}  // namespace podctl::node
