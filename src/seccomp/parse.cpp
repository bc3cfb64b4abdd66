// The JSON form of a profile. Strict: an unknown member, a wrong type or a number out of range is
// an error that names its place, since a profile half understood would be a profile not applied.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <initializer_list>

#include "podctl/base/text.hpp"
#include "podctl/seccomp/hardening.hpp"
#include "podctl/seccomp/profile.hpp"
#include "podctl/sys/caps.hpp"

namespace podctl::seccomp {
namespace {

namespace json = boost::json;

Failure bad(const std::string& path, std::string why, Code code = Code::kInvalidArgument) {
  return fail(code, "read seccomp profile", path, std::move(why));
}

Result<void> only(const json::object& object, const std::string& path,
                  std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::ranges::find(known, key) == known.end())
      return bad(path, "unknown member \"" + std::string(key) + "\"");
  }
  return {};
}

Result<std::string> string_at(const json::value& value, const std::string& path) {
  if (const auto* s = value.if_string()) return std::string(s->data(), s->size());
  return bad(path, "must be a string");
}

Result<std::uint64_t> number_at(const json::value& value, const std::string& path,
                                std::uint64_t max = UINT64_MAX) {
  std::uint64_t number = 0;
  if (value.is_uint64()) {
    number = value.get_uint64();
  } else if (value.is_int64() && value.get_int64() >= 0) {
    number = static_cast<std::uint64_t>(value.get_int64());
  } else {
    return bad(path, "must be a whole number of at least 0");
  }
  if (number > max) return bad(path, "must be at most " + std::to_string(max));
  return number;
}

// An absent or null member is empty, as Go's decoder has it.
Result<std::vector<std::string>> strings_at(const json::object& object, std::string_view key,
                                            const std::string& path) {
  std::vector<std::string> out;
  const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return out;
  const std::string here = path + "." + std::string(key);
  const auto* array = value->if_array();
  if (array == nullptr) return bad(here, "must be a list of strings");
  for (std::size_t i = 0; i < array->size(); ++i)
    out.push_back(TRY(string_at((*array)[i], here + "[" + std::to_string(i) + "]")));
  return out;
}

Result<const json::array*> list_at(const json::object& object, std::string_view key,
                                   const std::string& path) {
  const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return nullptr;
  if (const auto* array = value->if_array()) return array;
  return bad(path + "." + std::string(key), "must be a list");
}

Result<Action> action_at(const json::value& value, const std::string& path) {
  static constexpr std::pair<std::string_view, Action> kActions[] = {
      {"SCMP_ACT_ALLOW", Action::kAllow},
      {"SCMP_ACT_ERRNO", Action::kErrno},
      {"SCMP_ACT_KILL", Action::kKillThread},
      {"SCMP_ACT_KILL_THREAD", Action::kKillThread},
      {"SCMP_ACT_KILL_PROCESS", Action::kKillProcess},
      {"SCMP_ACT_TRAP", Action::kTrap},
      {"SCMP_ACT_TRACE", Action::kTrace},
      {"SCMP_ACT_LOG", Action::kLog}};
  const auto name = TRY(string_at(value, path));
  for (const auto& [known, action] : kActions)
    if (known == name) return action;
  if (name == "SCMP_ACT_NOTIFY")
    return bad(path, "SCMP_ACT_NOTIFY is not supported by podctl", Code::kUnsupported);
  return bad(path, "unknown action \"" + name + "\"");
}

Result<Compare> compare_at(const json::value& value, const std::string& path) {
  static constexpr std::pair<std::string_view, Compare> kOps[] = {
      {"SCMP_CMP_NE", Compare::kNe},
      {"SCMP_CMP_LT", Compare::kLt},
      {"SCMP_CMP_LE", Compare::kLe},
      {"SCMP_CMP_EQ", Compare::kEq},
      {"SCMP_CMP_GE", Compare::kGe},
      {"SCMP_CMP_GT", Compare::kGt},
      {"SCMP_CMP_MASKED_EQ", Compare::kMaskedEq}};
  const auto name = TRY(string_at(value, path));
  for (const auto& [known, op] : kOps)
    if (known == name) return op;
  return bad(path, "unknown operator \"" + name + "\"");
}

Result<Argument> argument_at(const json::value& value, const std::string& path) {
  const auto* object = value.if_object();
  if (object == nullptr) return bad(path, "must be an object");
  TRY(only(*object, path, {"index", "value", "valueTwo", "op"}));
  const auto* index = object->if_contains("index");
  const auto* first = object->if_contains("value");
  const auto* second = object->if_contains("valueTwo");
  const auto* op = object->if_contains("op");
  if (index == nullptr || op == nullptr) return bad(path, "needs index and op");
  Argument arg;
  arg.index = static_cast<std::uint32_t>(TRY(number_at(*index, path + ".index", 5)));
  if (first != nullptr) arg.value = TRY(number_at(*first, path + ".value"));
  if (second != nullptr) arg.value_two = TRY(number_at(*second, path + ".valueTwo"));
  arg.op = TRY(compare_at(*op, path + ".op"));
  return arg;
}

Result<std::pair<int, int>> kernel_at(const json::value& value, const std::string& path) {
  const auto version = TRY(string_at(value, path));
  const auto parts = text::split(version, '.');
  std::array<int, 2> numbers{};
  if (parts.size() != 2) return bad(path, "must be \"major.minor\"");
  for (std::size_t i = 0; i < 2; ++i) {
    const auto number = text::parse_u64(parts[i]);
    if (!number || *number > 9999) return bad(path, "must be \"major.minor\"");
    numbers[i] = static_cast<int>(*number);
  }
  return std::pair{numbers[0], numbers[1]};
}

Result<Condition> condition_at(const json::object& rule, std::string_view key,
                               const std::string& path) {
  Condition condition;
  const auto* value = rule.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return condition;
  const std::string here = path + "." + std::string(key);
  const auto* object = value->if_object();
  if (object == nullptr) return bad(here, "must be an object");
  TRY(only(*object, here, {"caps", "arches", "minKernel"}));
  for (const auto& name : TRY(strings_at(*object, "caps", here))) {
    const auto number = sys::cap_from_name(name);
    if (!number) return bad(here + ".caps", "unknown capability \"" + name + "\"");
    condition.caps |= std::uint64_t{1} << *number;
  }
  condition.arches = TRY(strings_at(*object, "arches", here));
  if (const auto* kernel = object->if_contains("minKernel"))
    condition.min_kernel = TRY(kernel_at(*kernel, here + ".minKernel"));
  return condition;
}

Result<std::vector<std::string>> names_at(const json::object& object, const std::string& path) {
  auto names = TRY(strings_at(object, "names", path));
  if (const auto* name = object.if_contains("name")) {
    if (!names.empty()) return bad(path, "has both name and names");
    names.push_back(TRY(string_at(*name, path + ".name")));
  }
  if (names.empty()) return bad(path, "names no system call");
  for (const auto& name : names)
    if (name.empty() || name.find('\0') != std::string::npos)
      return bad(path + ".names", "a name must not be empty");
  return names;
}

Result<Rule> rule_at(const json::value& value, const std::string& path) {
  const auto* object = value.if_object();
  if (object == nullptr) return bad(path, "must be an object");
  TRY(only(*object, path,
           {"names", "name", "action", "errnoRet", "args", "comment", "includes", "excludes"}));
  Rule rule;
  rule.names = TRY(names_at(*object, path));
  const auto* action = object->if_contains("action");
  if (action == nullptr) return bad(path, "needs action");
  rule.action = TRY(action_at(*action, path + ".action"));
  if (const auto* number = object->if_contains("errnoRet"); number != nullptr && !number->is_null())
    rule.errno_ret = static_cast<std::uint32_t>(TRY(number_at(*number, path + ".errnoRet", 4095)));
  if (const auto* args = TRY(list_at(*object, "args", path)); args != nullptr) {
    for (std::size_t i = 0; i < args->size(); ++i)
      rule.args.push_back(TRY(argument_at((*args)[i], path + ".args[" + std::to_string(i) + "]")));
  }
  if (rule.args.size() > 6) return bad(path + ".args", "a system call has at most 6 arguments");
  rule.includes = TRY(condition_at(*object, "includes", path));
  rule.excludes = TRY(condition_at(*object, "excludes", path));
  return rule;
}

// The entry of archMap for this machine, with its sub-architectures.
Result<std::vector<std::string>> mapped_architectures(const json::array& map,
                                                      const std::string& path) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const std::string here = path + "[" + std::to_string(i) + "]";
    const auto* object = map[i].if_object();
    if (object == nullptr) return bad(here, "must be an object");
    TRY(only(*object, here, {"architecture", "subArchitectures"}));
    const auto* name = object->if_contains("architecture");
    if (name == nullptr) return bad(here, "needs architecture");
    const auto architecture = TRY(string_at(*name, here + ".architecture"));
    auto subs = TRY(strings_at(*object, "subArchitectures", here));
    if (architecture != "SCMP_ARCH_X86_64") continue;
    out = std::move(subs);
    out.insert(out.begin(), architecture);
  }
  return out;
}

Result<std::vector<std::string>> architectures_at(const json::object& top) {
  auto architectures = TRY(strings_at(top, "architectures", "profile"));
  for (const auto& name : architectures)
    if (!name.starts_with("SCMP_ARCH_") || name.find('\0') != std::string::npos)
      return bad("profile.architectures", "unknown architecture \"" + name + "\"");
  if (const auto* map = TRY(list_at(top, "archMap", "profile")); map != nullptr && !map->empty()) {
    if (!architectures.empty()) return bad("profile", "has both architectures and archMap");
    architectures = TRY(mapped_architectures(*map, "profile.archMap"));
  }
  if (architectures.empty()) architectures = {"SCMP_ARCH_X86_64"};
  return architectures;
}

// LOG, TSYNC and SPEC_ALLOW change nothing in the filter itself, and init sets none: only their
// names are checked. The others would change what the profile means.
Result<void> check_flags(const json::object& top) {
  for (const auto& flag : TRY(strings_at(top, "flags", "profile"))) {
    if (flag == "SECCOMP_FILTER_FLAG_LOG" || flag == "SECCOMP_FILTER_FLAG_TSYNC" ||
        flag == "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
      continue;
    return bad("profile.flags", "\"" + flag + "\" is not supported by podctl", Code::kUnsupported);
  }
  if (top.contains("listenerPath") || top.contains("listenerMetadata"))
    return bad("profile.listenerPath", "a seccomp listener is not supported by podctl",
               Code::kUnsupported);
  return {};
}

Result<Profile> profile_at(const json::object& top) {
  TRY(only(top, "profile",
           {"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures", "archMap", "flags",
            "listenerPath", "listenerMetadata", "syscalls", "comment"}));
  TRY(check_flags(top));
  Profile profile;
  const auto* action = top.if_contains("defaultAction");
  if (action == nullptr) return bad("profile", "needs defaultAction");
  profile.default_action = TRY(action_at(*action, "profile.defaultAction"));
  if (const auto* number = top.if_contains("defaultErrnoRet");
      number != nullptr && !number->is_null())
    profile.default_errno =
        static_cast<std::uint32_t>(TRY(number_at(*number, "profile.defaultErrnoRet", 4095)));
  profile.architectures = TRY(architectures_at(top));
  const auto* rules = TRY(list_at(top, "syscalls", "profile"));
  for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i)
    profile.rules.push_back(
        TRY(rule_at((*rules)[i], "profile.syscalls[" + std::to_string(i) + "]")));
  return profile;
}

}  // namespace

Result<Profile> parse_profile(std::string_view text) {
  constexpr std::size_t kMaxBytes = 1U << 20;
  if (text.size() > kMaxBytes)
    return fail(Code::kExhausted, "read seccomp profile", "profile", "larger than 1 MiB");
  json::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  const auto value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return bad("profile", "not JSON: " + error.message());
  const auto* top = value.if_object();
  if (top == nullptr) return bad("profile", "must be an object");
  return profile_at(*top);
}

}  // namespace podctl::seccomp
