#include "shim/cri_log.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "podctl/base/text.hpp"

namespace podctl::shim {
namespace {

constexpr std::size_t kSuffix = 15;  // yyyymmdd-hhmmss
constexpr const char* kCompressed = ".gz";
constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;

Result<void> make_parents(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (::mkdir(path.substr(0, slash).c_str(), 0755) != 0 && errno != EEXIST) {
      return fail_errno(errno, "make log directory", path.substr(0, slash));
    }
  }
  return {};
}

// "2026-01-31T12:00:00.000000001Z ", RFC 3339 in UTC.
void append_time(std::string& out, const timespec& now) {
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[48];
  const std::size_t n = ::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  out.append(text, n);
  const int m = std::snprintf(text, sizeof(text), ".%09ldZ ", now.tv_nsec);
  out.append(text, static_cast<std::size_t>(m));
}

std::string rotated_suffix(std::time_t second) {
  tm parts{};
  ::gmtime_r(&second, &parts);
  char text[32];
  const std::size_t n = ::strftime(text, sizeof(text), ".%Y%m%d-%H%M%S", &parts);
  return std::string(text, n);
}

}  // namespace

Result<CriLog> CriLog::open(std::string path, std::uint64_t max_bytes, std::uint32_t max_files) {
  UniqueFd fd(::open(path.c_str(), kFlags, 0640));
  if (!fd && errno == ENOENT) {
    TRY(make_parents(path));
    fd = UniqueFd(::open(path.c_str(), kFlags, 0640));
  }
  if (!fd) return fail_errno(errno, "open log", path);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat log", path);
  return CriLog(std::move(path), std::move(fd), static_cast<std::uint64_t>(st.st_size), max_bytes,
                std::max(max_files, 1U));
}

void CriLog::add(Stream stream, char tag, std::string_view text, const timespec& now) {
  append_time(out_, now);
  out_ += stream == Stream::kStdout ? "stdout " : "stderr ";
  out_ += tag;
  out_ += ' ';
  out_ += text;
  out_ += '\n';
}

Result<void> CriLog::write(Stream stream, std::string_view data, const timespec& now) {
  std::string& rest = rest_[static_cast<int>(stream)];
  while (!data.empty()) {
    const std::size_t room = kMaxPiece - rest.size();
    const std::size_t end = data.substr(0, room + 1).find('\n');
    if (end != std::string_view::npos) {
      if (rest.empty()) {
        add(stream, 'F', data.substr(0, end), now);
      } else {
        rest += data.substr(0, end);
        add(stream, 'F', rest, now);
        rest.clear();
      }
      data.remove_prefix(end + 1);
    } else if (data.size() <= room) {
      rest += data;
      data = {};
    } else {
      rest += data.substr(0, room);
      add(stream, 'P', rest, now);
      rest.clear();
      data.remove_prefix(room);
    }
  }
  return flush(now);
}

Result<void> CriLog::finish(Stream stream, const timespec& now) {
  std::string& rest = rest_[static_cast<int>(stream)];
  if (rest.empty()) return {};
  add(stream, 'P', rest, now);
  std::string().swap(rest);
  return flush(now);
}

Result<void> CriLog::flush(const timespec& now) {
  if (out_.empty()) return {};
  if (max_bytes_ != 0 && size_ != 0 && size_ + out_.size() > max_bytes_) TRY(rotate(now));
  std::string_view left = out_;
  while (!left.empty()) {
    const ssize_t n = ::write(fd_.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int err = errno;
      out_.clear();  // a full disk loses lines, it does not fill memory
      return fail_errno(err, "write log", path_);
    }
    size_ += static_cast<std::uint64_t>(n);
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  out_.clear();
  return {};
}

// Two rotations in one second would meet under one name: the later one takes the next second's.
Result<void> CriLog::rotate(const timespec& now) {
  rotated_at_ = std::max(now.tv_sec, rotated_at_ + 1);
  std::string old = path_ + rotated_suffix(rotated_at_);
  while (::access(old.c_str(), F_OK) == 0) old = path_ + rotated_suffix(++rotated_at_);
  if (max_files_ > 1) {
    if (::rename(path_.c_str(), old.c_str()) != 0 && errno != ENOENT) {
      return fail_errno(errno, "rotate log", path_);
    }
  } else if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    return fail_errno(errno, "rotate log", path_);
  }
  UniqueFd fd(::open(path_.c_str(), kFlags, 0640));
  if (!fd) return fail_errno(errno, "open log", path_);
  fd_ = std::move(fd);
  size_ = 0;
  drop_old();
  return {};
}

// What cannot be removed now is tried again at the next rotation.
void CriLog::drop_old() {
  const std::size_t slash = path_.rfind('/');
  const std::string directory = path_.substr(0, slash);
  const std::string prefix = path_.substr(slash + 1) + ".";
  std::vector<std::string> old;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    const std::string_view plain = name.substr(0, prefix.size() + kSuffix);
    if (plain.size() != prefix.size() + kSuffix || !plain.starts_with(prefix)) continue;
    // podctld compresses them; for a moment both are there.
    if (name == plain || name.substr(plain.size()) == kCompressed) old.emplace_back(plain);
  }
  ::closedir(dir);
  std::sort(old.begin(), old.end());
  old.erase(std::unique(old.begin(), old.end()), old.end());
  for (std::size_t i = 0; i + (max_files_ - 1) < old.size(); ++i) {
    const std::string path = directory + "/" + old[i];
    ::unlink(path.c_str());
    ::unlink((path + kCompressed).c_str());
  }
}

}  // namespace podctl::shim
