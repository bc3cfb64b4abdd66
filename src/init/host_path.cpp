#include "podctl/init/host_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace podctl::init {
namespace {

using sys::RootDir;
using wire::HostPathType;

const char* type_words(HostPathType type) {
  switch (type) {
    case HostPathType::kFile:
    case HostPathType::kFileOrCreate:
      return "file";
    case HostPathType::kSocket:
      return "socket file";
    case HostPathType::kCharDevice:
      return "character device";
    case HostPathType::kBlockDevice:
      return "block device";
    default:
      return "directory";
  }
}

bool fits(HostPathType type, mode_t mode) {
  switch (type) {
    case HostPathType::kDirectory:
    case HostPathType::kDirectoryOrCreate:
      return S_ISDIR(mode);
    case HostPathType::kFile:
    case HostPathType::kFileOrCreate:
      return S_ISREG(mode);
    case HostPathType::kSocket:
      return S_ISSOCK(mode);
    case HostPathType::kCharDevice:
      return S_ISCHR(mode);
    case HostPathType::kBlockDevice:
      return S_ISBLK(mode);
    default:
      return true;
  }
}

Result<UniqueFd> open_or_make(const RootDir& host, const std::string& path, HostPathType type) {
  auto found = host.open_path(path);
  if (!found && found.error().code == Code::kNotFound) {
    switch (type) {
      // Unset does not check; but a bind needs something to bind, and the kubelet's runtimes make a
      // directory.
      case HostPathType::kUnset:
      case HostPathType::kDirectoryOrCreate:
        return host.mkdir_all(path, 0755);
      case HostPathType::kFileOrCreate:
        found = host.open(path, O_CREAT | O_RDONLY | O_NONBLOCK, 0644);
        if (found) found = host.open_path(path);
        break;
      default:
        break;
    }
  }
  return found;
}

Failure not_a(HostPathType type, const std::string& path) {
  return fail(Code::kFailedPrecondition,
              "hostPath type check failed:", path + " is not a " + type_words(type));
}

}  // namespace

Result<UniqueFd> open_host_path(const RootDir& host, const std::string& path, HostPathType type) {
  auto found = open_or_make(host, path, type);
  const bool checked = type != HostPathType::kUnset;
  if (!found && found.error().code == Code::kNotFound && checked) return not_a(type, path);
  if (!found) return found;
  struct stat st;
  if (::fstat(found->get(), &st) != 0) return fail_errno(errno, "stat", path);
  if (!fits(type, st.st_mode)) return not_a(type, path);
  return found;
}

}  // namespace podctl::init
