#include "podctl/sys/file_ids.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "podctl/sys/caps.hpp"

namespace podctl::sys {
namespace {

// Past the C library, which would tell every thread. They answer with the old id, whatever
// happened: only another call, which changes nothing, tells the present one.
bool set_file_ids(std::uint32_t uid, std::uint32_t gid) {
  ::syscall(SYS_setfsgid, gid);
  ::syscall(SYS_setfsuid, uid);
  return static_cast<std::uint32_t>(::syscall(SYS_setfsgid, -1)) == gid &&
         static_cast<std::uint32_t>(::syscall(SYS_setfsuid, -1)) == uid;
}

}  // namespace

Result<FileIds> FileIds::become(std::uint32_t uid, std::uint32_t gid) {
  const auto own = TRY(own_caps());
  FileIds ids;
  if (!set_file_ids(uid, gid)) {
    return fail(Code::kPermissionDenied, "make files as user", std::to_string(uid),
                "the kernel refused it");
  }
  // Leaving user 0 takes those that concern files out of the effective set; capabilities(7).
  TRY(set_caps(own.effective, own.permitted, own.inheritable));
  return ids;
}

Result<std::optional<FileIds>> FileIds::of_root(const std::optional<IdRange>& users) {
  std::optional<FileIds> ids;
  if (users) ids.emplace(TRY(become(users->first, users->first)));
  return ids;
}

FileIds::~FileIds() {
  // Whatever were made as another user's would be theirs.
  if (active_ && !set_file_ids(0, 0)) std::abort();
}

}  // namespace podctl::sys
