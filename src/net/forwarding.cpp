#include "podctl/net/forwarding.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "net/sysctl.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::net {
namespace {

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::vector<std::string> interfaces(const std::string& conf) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(conf.c_str()));
  while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && name != "all") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> append(const std::string& record, const SysctlChange& change) {
  const UniqueFd fd(::open(record.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string line = change.name + " " + change.before + " " + change.after + "\n";
  if (!fd || ::write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return fail_errno(errno, "record sysctl in", record);
  }
  return {};
}

// Recorded first, then written: a crash between leaves a record that restore finds already true.
Result<void> change(const std::string& record, const std::string& proc_sys, const std::string& name,
                    std::string_view from, std::string_view to) {
  auto now = read_sysctl(proc_sys + "/" + name);
  if (!now && now.error().code == Code::kNotFound) return {};  // no IPv6, or the interface has gone
  if (TRY(std::move(now)) != from) return {};
  TRY(append(record, {name, std::string(from), std::string(to)}));
  return write_sysctl(proc_sys + "/" + name, to, true);
}

}  // namespace

Result<void> enable_forwarding(const std::string& record, const std::string& proc_sys) {
  TRY(change(record, proc_sys, "net/ipv4/ip_forward", "0", "1"));
  const auto v6 = read_sysctl(proc_sys + "/net/ipv6/conf/all/forwarding");
  if (!v6 || *v6 != "0") return {};
  for (const std::string& name : interfaces(proc_sys + "/net/ipv6/conf")) {
    TRY(change(record, proc_sys, "net/ipv6/conf/" + name + "/accept_ra", "1", "2"));
  }
  return change(record, proc_sys, "net/ipv6/conf/all/forwarding", "0", "1");
}

Result<std::vector<SysctlChange>> recorded_sysctls(const std::string& record) {
  std::vector<SysctlChange> out;
  const UniqueFd fd(::open(record.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return out;
  if (!fd) return fail_errno(errno, "read", record);
  std::string content;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    content.append(buffer, static_cast<std::size_t>(got));
  if (got < 0) return fail_errno(errno, "read", record);
  for (std::string_view line : text::split(content, '\n')) {
    if (line.empty()) continue;
    const auto fields = text::split(line, ' ');
    // It names files that root writes: nothing but what enable_forwarding records is taken.
    if (fields.size() != 3 || !fields[0].starts_with("net/") ||
        fields[0].find("..") != std::string_view::npos || !text::parse_i64(fields[1]) ||
        !text::parse_i64(fields[2])) {
      return fail(Code::kCorrupt, "read", record, "line \"" + std::string(line) + "\"");
    }
    out.push_back({std::string(fields[0]), std::string(fields[1]), std::string(fields[2])});
  }
  return out;
}

Result<void> restore_sysctls(const std::string& record, const std::string& proc_sys) {
  auto changes = TRY(recorded_sysctls(record));
  std::reverse(changes.begin(), changes.end());
  for (const SysctlChange& entry : changes) {
    const auto now = read_sysctl(proc_sys + "/" + entry.name);
    if (!now || *now != entry.after) continue;
    TRY(write_sysctl(proc_sys + "/" + entry.name, entry.before, true));
  }
  if (::unlink(record.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "remove", record);
  return {};
}

}  // namespace podctl::net
