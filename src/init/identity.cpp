#include "init/identity.hpp"

#include <algorithm>

namespace podctl::init {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool has(const std::vector<std::string>& env, const std::string& name) {
  return std::any_of(env.begin(), env.end(),
                     [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

void add_missing(std::vector<std::string>& env, const std::string& name, const std::string& value) {
  if (!has(env, name)) env.push_back(name + "=" + value);
}

}  // namespace

Result<sys::Identity> resolve_user(const wire::UserSpec& spec, const sys::UserDatabase& database) {
  const std::string user = spec.uid ? std::to_string(*spec.uid) : spec.image_user;
  sys::Identity identity = TRY(sys::identify(user, database));
  if (spec.gid) identity.gid = *spec.gid;
  std::vector<std::uint32_t> groups = {identity.gid};
  const auto add = [&groups](const std::vector<std::uint32_t>& more) {
    for (const auto gid : more) {
      if (std::find(groups.begin(), groups.end(), gid) == groups.end()) groups.push_back(gid);
    }
  };
  add(spec.groups);
  if (!spec.strict_groups) add(identity.groups);
  identity.groups = std::move(groups);
  return identity;
}

Result<void> check_ids(const sys::Identity& identity, std::uint32_t count) {
  const auto check = [count](const char* what, std::uint32_t id) -> Result<void> {
    if (id < count) return {};
    return fail(Code::kInvalidArgument, what, std::to_string(id),
                "the pod's user namespace has the ids 0 to " + std::to_string(count - 1));
  };
  TRY(check("run as user", identity.uid));
  TRY(check("run as group", identity.gid));
  for (const auto group : identity.groups) TRY(check("run with group", group));
  return {};
}

void complete_environment(std::vector<std::string>& env, const std::string& home,
                          const std::string& hostname, bool terminal) {
  add_missing(env, "PATH", kDefaultPath);
  if (!hostname.empty()) add_missing(env, "HOSTNAME", hostname);
  if (terminal) add_missing(env, "TERM", "xterm");
  add_missing(env, "HOME", home);
}

std::string env_value(const std::vector<std::string>& env, const std::string& name) {
  for (auto entry = env.rbegin(); entry != env.rend(); ++entry) {
    if (entry->starts_with(name + "=")) return entry->substr(name.size() + 1);
  }
  return {};
}

}  // namespace podctl::init
