#include "podctl/sys/passwd.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "podctl/base/text.hpp"

namespace podctl::sys {
namespace {

// Bytes; an image's passwd is a few KiB. A hostile one's entries have to fit a borrower's heap.
constexpr std::size_t kMaxFile = 1U << 20;

std::optional<std::uint32_t> parse_id(std::string_view s) {
  const auto n = text::parse_u64(s);
  // 2^32-1 is "no change" to chown(2) and setresuid(2), never an identity.
  if (!n || *n >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*n);
}

// Up to the separator, which goes too.
std::string_view take(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const auto taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

// Name, password, id, gid or members, comment, home; absent ones are empty. On the stack: a line
// leaves nothing in a heap that is never freed.
std::array<std::string_view, 6> fields(std::string_view line) {
  std::array<std::string_view, 6> out;
  for (auto& field : out) field = take(line, ':');
  return out;
}

Result<std::string> read_or_empty(const RootDir& root, std::string_view path) {
  auto content = root.read_file(path, kMaxFile);
  if (!content && content.error().code == Code::kNotFound) return std::string();
  return content;
}

const PasswdEntry* find_user(const UserDatabase& db, std::string_view name) {
  for (const auto& user : db.users) {
    if (user.name == name) return &user;
  }
  return nullptr;
}

const PasswdEntry* find_uid(const UserDatabase& db, std::uint32_t uid) {
  for (const auto& user : db.users) {
    if (user.uid == uid) return &user;
  }
  return nullptr;
}

Result<std::uint32_t> find_group(const UserDatabase& db, std::string_view name) {
  for (const auto& group : db.groups) {
    if (group.name == name) return group.gid;
  }
  if (const auto gid = parse_id(name)) return *gid;
  return fail(Code::kNotFound, "look up group", std::string(name),
              "unable to find group " + std::string(name) + ": no matching entries in group file");
}

void add_memberships(const UserDatabase& db, const PasswdEntry& user, Identity& identity) {
  for (const auto& group : db.groups) {
    const auto& m = group.members;
    const bool member = std::find(m.begin(), m.end(), user.name) != m.end();
    const auto& have = identity.groups;
    if (member && group.gid != identity.gid &&
        std::find(have.begin(), have.end(), group.gid) == have.end()) {
      identity.groups.push_back(group.gid);
    }
  }
}

}  // namespace

UserDatabase UserDatabase::parse(std::string_view passwd, std::string_view group) {
  UserDatabase db;
  db.users.reserve(passwd.size() / std::string_view("a::0:0\n").size() + 1);
  while (!passwd.empty()) {
    const auto f = fields(take(passwd, '\n'));
    const auto uid = parse_id(f[2]), gid = parse_id(f[3]);
    if (f[0].empty() || f[0].starts_with('#') || !uid || !gid) continue;
    db.users.push_back({std::string(f[0]), std::string(f[5]), *uid, *gid});
  }
  db.groups.reserve(group.size() / std::string_view("a::0\n").size() + 1);
  while (!group.empty()) {
    const auto f = fields(take(group, '\n'));
    const auto gid = parse_id(f[2]);
    if (f[0].empty() || f[0].starts_with('#') || !gid) continue;
    GroupEntry entry{std::string(f[0]), *gid, {}};
    for (auto members = f[3]; !members.empty();) {
      const auto member = take(members, ',');
      if (!member.empty()) entry.members.emplace_back(member);
    }
    db.groups.push_back(std::move(entry));
  }
  return db;
}

Result<UserDatabase> UserDatabase::read(const RootDir& root) {
  const std::string passwd = TRY(read_or_empty(root, "etc/passwd"));
  const std::string group = TRY(read_or_empty(root, "etc/group"));
  return parse(passwd, group);
}

Result<Identity> identify(std::string_view user, const UserDatabase& database) {
  const auto colon = user.find(':');
  const auto name = user.substr(0, colon);
  const auto group = colon == std::string_view::npos ? std::string_view() : user.substr(colon + 1);
  Identity identity;
  const PasswdEntry* entry = nullptr;
  if (name.empty()) {
    entry = find_uid(database, 0);
  } else if ((entry = find_user(database, name)) == nullptr) {
    const auto uid = parse_id(name);
    if (!uid) {
      return fail(
          Code::kNotFound, "look up user", std::string(name),
          "unable to find user " + std::string(name) + ": no matching entries in passwd file");
    }
    identity.uid = *uid;
    entry = find_uid(database, *uid);
  }
  if (entry != nullptr) {
    identity.uid = entry->uid;
    identity.gid = entry->gid;
    if (!entry->home.empty()) identity.home = entry->home;
  }
  if (!group.empty()) identity.gid = TRY(find_group(database, group));
  // Also beside a group of choice (containerd internal/cri/server containerSpecOpts).
  if (entry != nullptr) add_memberships(database, *entry, identity);
  return identity;
}

}  // namespace podctl::sys
