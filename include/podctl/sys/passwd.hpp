// Users and groups as the container's own /etc/passwd and /etc/group say, parsed by us: no NSS in
// init.
//
// Used by init. passwd(5), group(5). Both files are hostile: lines that do not parse are skipped,
// as libc does, sizes are bounded, and an unknown name is an error that names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::sys {

struct PasswdEntry {
  std::string name, home;
  std::uint32_t uid = 0, gid = 0;
};
struct GroupEntry {
  std::string name;
  std::uint32_t gid = 0;
  std::vector<std::string> members;
};

struct UserDatabase {
  std::vector<PasswdEntry> users;
  std::vector<GroupEntry> groups;
  static UserDatabase parse(std::string_view passwd, std::string_view group);
  // An image without one of the files has no names, which is no error.
  static Result<UserDatabase> read(const RootDir& root);
};

struct Identity {
  std::uint32_t uid = 0, gid = 0;
  std::vector<std::uint32_t> groups;  // of the image, where the user is a member; without gid
  std::string home = "/";
};

// An image's USER: "", "user", "uid", "user:group", "uid:gid" in any mix (OCI image config,
// "User"). Without a group: the passwd entry's gid and the groups it is a member of; else only the
// group given. kNotFound: "unable to find user nosuch: no matching entries in passwd file".
Result<Identity> identify(std::string_view user, const UserDatabase& database);

}  // namespace podctl::sys
