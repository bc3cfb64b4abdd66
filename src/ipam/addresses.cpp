// addresses/<ip>      the owner's uid: what makes the address taken
// addresses/@<uid>    a symbolic link to it: found again without reading every file
// addresses/.next     the host number to try first
#include "podctl/ipam/addresses.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "ipam/files.hpp"
#include "podctl/base/text.hpp"

namespace podctl::ipam {
namespace {

constexpr std::uint64_t kFirst = 2;  // 1 is the gateway

std::uint64_t host_number(const IpPrefix& network, const IpAddress& address) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | address.bytes[i];
  return number & ((1ULL << (32 - network.length)) - 1);
}

std::vector<IpPrefix> of_number(const Subnet& subnet, std::uint64_t number) {
  return {{subnet.v4.nth(number), subnet.v4.length}, {subnet.v6.nth(number), subnet.v6.length}};
}

Result<std::optional<IpAddress>> known(int dir, const std::string& uid) {
  std::array<char, 64> target{};
  const ssize_t size = ::readlinkat(dir, ("@" + uid).c_str(), target.data(), target.size());
  if (size < 0 && errno == ENOENT) return std::optional<IpAddress>();
  if (size < 0) return fail_errno(errno, "read address of", uid);
  const std::string_view text(target.data(), static_cast<std::size_t>(size));
  const auto address = IpAddress::parse(text);
  if (!address || address->family != 4) {
    return fail(Code::kCorrupt, "read address of", uid, "\"" + std::string(text) + "\"");
  }
  return address;
}

std::uint64_t next_number(int dir, std::uint64_t end) {
  const auto content = read_file(dir, ".next");
  const auto number = content ? text::parse_u64(text::trim(*content)) : std::nullopt;
  return number && *number >= kFirst && *number < end ? *number : kFirst;
}

// Where the next search starts. Only a hint: two writers at once cost a longer search, nothing
// else. Written in place at a fixed width, since ext4 flushes a file that was truncated and written
// again (4 ms).
void set_next(int dir, std::uint64_t number) {
  const UniqueFd fd(::openat(dir, ".next", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  std::string text = std::to_string(number);
  text.insert(0, 8 - std::min<std::size_t>(text.size(), 8), '0');
  if (fd) (void)!::pwrite(fd.get(), text.data(), text.size(), 0);
}

bool has_veth(const Layout& layout, const std::string& uid) {
  return ::if_nametoindex(layout.host_veth(uid).c_str()) != 0;
}

}  // namespace

Result<std::vector<IpPrefix>> allocate(const Layout& layout, const Subnet& subnet,
                                       const std::string& uid) {
  if (!text::valid_id(uid))
    return fail(Code::kInvalidArgument, "allocate address for", uid, "not a pod uid");
  TRY(make_dirs(layout.addresses()));
  const UniqueFd dir = TRY(open_dir(layout.addresses()));
  if (const auto address = TRY(known(dir.get(), uid)); address && subnet.v4.contains(*address)) {
    return of_number(subnet, host_number(subnet.v4, *address));
  }
  const std::uint64_t end =
      (1ULL << (32 - subnet.v4.length)) - 1;  // the last is the broadcast address
  std::uint64_t number = next_number(dir.get(), end);
  for (std::uint64_t tried = kFirst; tried < end; ++tried) {
    const std::string name = subnet.v4.nth(number).str();
    const std::uint64_t next = number + 1 < end ? number + 1 : kFirst;
    auto made = make_file(dir.get(), name, uid);
    if (made) {
      set_next(dir.get(), next);
      TRY(remove_file(dir.get(), "@" + uid));  // of an earlier subnet
      if (::symlinkat(name.c_str(), dir.get(), ("@" + uid).c_str()) != 0) {
        return fail_errno(errno, "name address", uid);
      }
      return of_number(subnet, number);
    }
    if (made.error().code != Code::kAlreadyExists) return Failure(std::move(made).error());
    number = next;
  }
  return fail(Code::kExhausted, "allocate address in", subnet.v4.str(), "every address is taken");
}

Result<void> release(const Layout& layout, const std::string& uid) {
  auto dir = open_dir(layout.addresses());
  if (!dir && dir.error().code == Code::kNotFound) return {};
  if (!dir) return Failure(std::move(dir).error());
  const auto address = TRY(known(dir->get(), uid));
  if (!address) return {};
  if (has_veth(layout, uid)) {
    return fail(Code::kFailedPrecondition, "release address", address->str(),
                "its link " + layout.host_veth(uid) + " is still there");
  }
  const auto owner = read_file(dir->get(), address->str());
  if (owner && *owner == uid) TRY(remove_file(dir->get(), address->str()));
  return remove_file(dir->get(), "@" + uid);
}

Result<std::vector<Allocation>> list(const Layout& layout) {
  std::vector<Allocation> out;
  const auto names = TRY(names_in(layout.addresses()));
  if (names.empty()) return out;
  const UniqueFd dir = TRY(open_dir(layout.addresses()));
  for (const std::string& name : names) {
    const auto address = IpAddress::parse(name);
    if (!address) continue;
    auto owner = read_file(dir.get(), name);
    if (owner) out.push_back({*address, std::move(*owner)});
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return out;
}

Result<std::vector<Allocation>> recover(const Layout& layout,
                                        const std::vector<std::string>& live) {
  std::vector<Allocation> freed;
  for (Allocation& entry : TRY(list(layout))) {
    if (std::find(live.begin(), live.end(), entry.uid) != live.end() || has_veth(layout, entry.uid))
      continue;
    const UniqueFd dir = TRY(open_dir(layout.addresses()));
    TRY(remove_file(dir.get(), entry.address.str()));
    if (text::valid_id(entry.uid)) TRY(remove_file(dir.get(), "@" + entry.uid));
    freed.push_back(std::move(entry));
  }
  return freed;
}

}  // namespace podctl::ipam
