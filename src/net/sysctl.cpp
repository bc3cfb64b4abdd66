#include "net/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::net {

Result<std::string> read_sysctl(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "read", path);
  std::array<char, 256> buffer{};
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return fail_errno(errno, "read", path);
  return std::string(text::trim(std::string_view(buffer.data(), static_cast<std::size_t>(got))));
}

Result<void> write_sysctl(const std::string& path, std::string_view value, bool if_present) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC));
  if (!fd && errno == ENOENT && if_present) return {};
  if (!fd || ::write(fd.get(), value.data(), value.size()) < 0) {
    return fail_errno(errno, "write \"" + std::string(value) + "\" to", path);
  }
  return {};
}

}  // namespace podctl::net
