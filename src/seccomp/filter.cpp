#include "podctl/seccomp/filter.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "seccomp/shrink.hpp"

namespace podctl::seccomp {
namespace {

constexpr std::size_t kMaxInstructions = BPF_MAXINSNS;
constexpr std::string_view kMagic = "podctl-seccomp-2\n";
constexpr const char* kMachine = "amd64";
static_assert(sizeof(sock_filter) == 8);

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

std::uint32_t action_value(Action action, std::optional<std::uint32_t> errno_ret) {
  const std::uint32_t value = errno_ret.value_or(EPERM);
  switch (action) {
    case Action::kAllow:
      return SCMP_ACT_ALLOW;
    case Action::kErrno:
      return SCMP_ACT_ERRNO(value);
    case Action::kKillThread:
      return SCMP_ACT_KILL_THREAD;
    case Action::kKillProcess:
      return SCMP_ACT_KILL_PROCESS;
    case Action::kTrap:
      return SCMP_ACT_TRAP;
    case Action::kTrace:
      return SCMP_ACT_TRACE(value);
    case Action::kLog:
      return SCMP_ACT_LOG;
  }
  return SCMP_ACT_KILL_PROCESS;
}

scmp_compare comparison(Compare op) {
  switch (op) {
    case Compare::kNe:
      return SCMP_CMP_NE;
    case Compare::kLt:
      return SCMP_CMP_LT;
    case Compare::kLe:
      return SCMP_CMP_LE;
    case Compare::kEq:
      return SCMP_CMP_EQ;
    case Compare::kGe:
      return SCMP_CMP_GE;
    case Compare::kGt:
      return SCMP_CMP_GT;
    case Compare::kMaskedEq:
      return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_EQ;
}

std::pair<int, int> kernel_version() {
  utsname name{};
  ::uname(&name);
  const auto parts = text::split(name.release, '.');
  auto number = [&](std::size_t i) {
    return i < parts.size() ? static_cast<int>(text::parse_u64(parts[i]).value_or(0)) : 0;
  };
  return {number(0), number(1)};
}

bool applies(const Rule& rule, std::uint64_t caps, std::pair<int, int> kernel) {
  const auto& in = rule.includes;
  const auto& out = rule.excludes;
  auto names_machine = [](const std::vector<std::string>& arches) {
    return std::ranges::find(arches, kMachine) != arches.end();
  };
  if ((in.caps & ~caps) != 0) return false;
  if (!in.arches.empty() && !names_machine(in.arches)) return false;
  if (in.min_kernel && kernel < *in.min_kernel) return false;
  if ((out.caps & caps) != 0) return false;
  if (names_machine(out.arches)) return false;
  return !(out.min_kernel && kernel >= *out.min_kernel);
}

std::vector<scmp_arg_cmp> arguments(const Rule& rule) {
  std::vector<scmp_arg_cmp> args;
  for (const auto& arg : rule.args)
    args.push_back({arg.index, comparison(arg.op), arg.value, arg.value_two});
  return args;
}

Result<void> add_one(void* context, std::uint32_t action, int number, const std::string& name,
                     const std::vector<scmp_arg_cmp>& args) {
  const int rc = seccomp_rule_add_array(context, action, number, static_cast<unsigned>(args.size()),
                                        args.data());
  // EDOM: the syscall is not one of any architecture of the filter.
  if (rc == 0 || rc == -EDOM || rc == -EEXIST) return {};
  return fail_errno(-rc, "add seccomp rule", name);
}

Result<void> add_rule(void* context, const Rule& rule, std::uint32_t default_action) {
  const std::uint32_t action = action_value(rule.action, rule.errno_ret);
  if (action == default_action) return {};  // says nothing, and libseccomp refuses it
  const auto args = arguments(rule);
  std::set<unsigned> indexes;
  for (const auto& arg : args) indexes.insert(arg.arg);
  // libseccomp takes an argument once a rule; runc makes a rule of each then (they are
  // alternatives).
  const bool alternatives = indexes.size() != args.size();
  for (const auto& name : rule.names) {
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) continue;
    if (!alternatives) {
      TRY(add_one(context, action, number, name, args));
      continue;
    }
    for (const auto& arg : args) TRY(add_one(context, action, number, name, {arg}));
  }
  return {};
}

Result<void> add_architectures(void* context, const Profile& profile) {
  std::vector<std::string> names = profile.architectures;
  if (names.empty()) names = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  for (const auto& name : names) {
    std::string lower = name.starts_with("SCMP_ARCH_") ? name.substr(10) : name;
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::uint32_t token = seccomp_arch_resolve_name(lower.c_str());
    if (token == 0)
      return fail(Code::kInvalidArgument, "read seccomp architecture", "\"" + name + "\"",
                  "unknown architecture");
    const int rc = seccomp_arch_add(context, token);
    if (rc != 0 && rc != -EEXIST && rc != -EDOM)
      return fail_errno(-rc, "add seccomp architecture", name);
  }
  return {};
}

Result<std::string> export_filter(void* context) {
  UniqueFd fd(::memfd_create("podctl-seccomp", MFD_CLOEXEC));
  if (!fd) return fail_errno(errno, "create memfd", "podctl-seccomp");
  if (const int rc = seccomp_export_bpf(context, fd.get()); rc != 0)
    return fail_errno(-rc, "compile seccomp filter", "profile");
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return fail_errno(errno, "stat memfd", "podctl-seccomp");
  std::string filter(static_cast<std::size_t>(st.st_size), '\0');
  if (::pread(fd.get(), filter.data(), filter.size(), 0) != st.st_size)
    return fail_errno(errno, "read memfd", "podctl-seccomp");
  if (filter.size() / sizeof(sock_filter) > kMaxInstructions)
    return fail(Code::kExhausted, "compile seccomp filter", "profile",
                "more than the kernel's 4096 instructions");
  return filter;
}

void put(std::string& key, const Condition& condition) {
  key += std::to_string(condition.caps) + '/' + text::join(condition.arches, ",") + '/';
  if (condition.min_kernel)
    key += std::to_string(condition.min_kernel->first) + '.' +
           std::to_string(condition.min_kernel->second);
  key += ';';
}

// Everything that the filter follows from, as text. Capabilities that no rule asks about do not
// count.
std::string cache_key(const Profile& profile, std::uint64_t caps) {
  const auto kernel = kernel_version();
  const scmp_version* library = seccomp_version();
  std::string key = std::to_string(library->major) + '.' + std::to_string(library->minor) + '.' +
                    std::to_string(library->micro) + ' ' + std::to_string(kernel.first) + '.' +
                    std::to_string(kernel.second) + '\n';
  key += std::to_string(action_value(profile.default_action, profile.default_errno)) + ' ' +
         text::join(profile.architectures, ",") + '\n';
  std::uint64_t asked = 0;
  for (const auto& rule : profile.rules) {
    asked |= rule.includes.caps | rule.excludes.caps;
    key += std::to_string(action_value(rule.action, rule.errno_ret)) + ' ' +
           text::join(rule.names, ",") + ' ';
    for (const auto& arg : rule.args)
      key += std::to_string(arg.index) + ':' + std::to_string(static_cast<int>(arg.op)) + ':' +
             std::to_string(arg.value) + ':' + std::to_string(arg.value_two) + ',';
    put(key, rule.includes);
    put(key, rule.excludes);
    key += '\n';
  }
  return key + std::to_string(caps & asked) + '\n';
}

// A file: magic, the key (so that a collision of names is seen), the filter, and its hash.
std::string file_content(const std::string& key, const std::string& filter) {
  return std::string(kMagic) + key + text::hex(text::hash64(filter), 16) + '\n' + filter;
}

std::optional<std::string> read_cached(const std::string& path, const std::string& key) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > (1 << 20))
    return std::nullopt;
  std::string content(static_cast<std::size_t>(st.st_size), '\0');
  if (::pread(fd.get(), content.data(), content.size(), 0) != st.st_size) return std::nullopt;
  const std::size_t head = kMagic.size() + key.size() + 17;
  if (content.size() <= head) return std::nullopt;
  std::string filter = content.substr(head);
  if (filter.size() % sizeof(sock_filter) != 0 || content != file_content(key, filter))
    return std::nullopt;
  return filter;
}

Result<void> write_all(int fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write seccomp cache", path);
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// Temporary file and rename: a reader sees a whole file or none. Not synced: a torn one is compiled
// anew.
Result<void> write_cached(const std::string& directory, const std::string& path,
                          const std::string& content) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(errno, "make directory", directory);
  const std::string temporary = path + ".tmp";
  UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, "create seccomp cache", temporary);
  TRY(write_all(fd.get(), content, temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return fail_errno(errno, "rename seccomp cache", path);
  return {};
}

}  // namespace

Result<std::string> compile(const Profile& profile, std::uint64_t caps) {
  return shrink(TRY(compile_long(profile, caps)));
}

Result<std::string> compile_long(const Profile& profile, std::uint64_t caps) {
  const std::uint32_t fallback = action_value(profile.default_action, profile.default_errno);
  Context context(seccomp_init(fallback), &seccomp_release);
  if (!context) return fail(Code::kInternal, "create seccomp filter", "profile", "out of memory");
  // A binary search over the syscall number instead of a chain: the hot calls cost a tenth.
  if (const int rc = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2); rc != 0)
    return fail_errno(-rc, "optimise seccomp filter", "profile");
  TRY(add_architectures(context.get(), profile));
  const auto kernel = kernel_version();
  for (const auto& rule : profile.rules)
    if (applies(rule, caps, kernel)) TRY(add_rule(context.get(), rule, fallback));
  return export_filter(context.get());
}

Result<std::string> FilterCache::get(const Profile& profile, std::uint64_t caps) {
  const std::string key = cache_key(profile, caps);
  std::lock_guard lock(mutex_);
  if (const auto known = filters_.find(key); known != filters_.end()) return known->second;
  const std::string path = directory_ + "/" + text::hex(text::hash64(key), 16) + ".bpf";
  if (!directory_.empty()) {
    if (auto cached = read_cached(path, key)) return filters_[key] = *std::move(cached);
  }
  auto filter = TRY(compile(profile, caps));
  if (!directory_.empty()) TRY(write_cached(directory_, path, file_content(key, filter)));
  return filters_[key] = std::move(filter);
}

}  // namespace podctl::seccomp
