#include "cgroup/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "podctl/base/text.hpp"

namespace podctl::cgroup {

Result<UniqueFd> open_at(int dir, const std::string& path, int flags) {
  const int fd = ::openat(dir, path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return fail_errno(errno, "open", path);
  return UniqueFd(fd);
}

Result<std::string> read_at(int dir, const std::string& path) {
  const UniqueFd fd = TRY(open_at(dir, path, O_RDONLY));
  std::string content;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "read", path);
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> read_path(const std::string& path) { return read_at(AT_FDCWD, path); }

Result<void> write_at(int dir, const std::string& path, std::string_view value) {
  const UniqueFd fd = TRY(open_at(dir, path, O_WRONLY));
  ssize_t put = 0;
  do {
    put = ::write(fd.get(), value.data(), value.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) return fail_errno(errno, "write \"" + std::string(value) + "\" to", path);
  return {};
}

bool exists_at(int dir, const std::string& path) {
  return ::faccessat(dir, path.c_str(), F_OK, 0) == 0;
}

std::uint64_t keyed_value(std::string_view content, std::string_view key) {
  for (std::string_view line : text::split(content, '\n')) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return text::parse_u64(line.substr(key.size() + 1)).value_or(0);
    }
  }
  return 0;
}

}  // namespace podctl::cgroup
