#include "podctl/ipam/subnet.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "ipam/files.hpp"
#include "podctl/base/text.hpp"

namespace podctl::ipam {
namespace {

// 10.90 - 10.95: private (RFC 1918), and beside podman's 10.88/16 and 10.89/16 and the
// common 10.42, 10.96, 10.244 of clusters, which come and go on the same machines.
constexpr std::uint8_t kFirstSecondOctet = 90;
constexpr unsigned kSubnets = 6 * 16;
constexpr std::uint8_t kLength4 = 20, kLength6 = 64;

IpPrefix nth_subnet(unsigned n) {
  IpPrefix out;
  out.address.family = 4;
  out.address.bytes[0] = 10;
  out.address.bytes[1] = static_cast<std::uint8_t>(kFirstSecondOctet + n / 16);
  out.address.bytes[2] = static_cast<std::uint8_t>((n % 16) * 16);
  out.length = kLength4;
  return out;
}

// Layout's global tree: "<second>.<third octet>".
std::string file_name(const IpPrefix& v4) {
  return std::to_string(v4.address.bytes[1]) + "." + std::to_string(v4.address.bytes[2]);
}

IpPrefix derived_v6(const std::string& root, const IpPrefix& v4) {
  const std::uint64_t hash = text::hash64("podctl " + root);
  IpPrefix out;
  out.address.family = 6;
  out.address.bytes[0] = 0xfd;
  for (unsigned i = 0; i < 5; ++i) {
    out.address.bytes[1 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  out.address.bytes[6] = v4.address.bytes[1];
  out.address.bytes[7] = v4.address.bytes[2];
  out.length = kLength6;
  return out;
}

bool overlaps(const IpPrefix& a, const IpPrefix& b) {
  return a.contains(b.address) || b.contains(a.address);
}

bool used(const IpPrefix& candidate, const std::vector<IpPrefix>& in_use) {
  return std::any_of(in_use.begin(), in_use.end(), [&](const IpPrefix& p) {
    return p.length != 0 && p.address.family == 4 && overlaps(candidate, p);
  });
}

std::string record_path(const Layout& layout) { return layout.run() + "/subnet"; }

// A root's file; the others are records that all roots share.
bool is_entry(const std::string& name) {
  return name.find_first_not_of("0123456789.") == std::string::npos;
}

// True when the entry's root still exists: its run directory does, or it is `own`.
bool owned(int registry, const std::string& name, const std::optional<std::string>& own) {
  const auto content = read_file(registry, name);
  if (!content) return false;
  const std::string root(text::trim(*content));
  return root == own || ::access(Layout(root).run().c_str(), F_OK) == 0;
}

Result<std::optional<IpPrefix>> choose(int registry, const Layout& layout,
                                       const std::vector<IpPrefix>& in_use) {
  for (unsigned n = 0; n < kSubnets; ++n) {
    const IpPrefix candidate = nth_subnet(n);
    if (used(candidate, in_use)) continue;
    if (!owned(registry, file_name(candidate), layout.root()))
      TRY(remove_file(registry, file_name(candidate)));
    auto made = make_file(registry, file_name(candidate), layout.root() + "\n");
    if (made) return std::optional(candidate);
    if (made.error().code != Code::kAlreadyExists) return Failure(std::move(made).error());
  }
  return std::optional<IpPrefix>();
}

}  // namespace

Result<UniqueFd> lock_registry(const std::string& registry) {
  TRY(make_dirs(registry));
  const std::string path = registry + "/.lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(errno, "open", path);
  int done = 0;
  do {
    done = ::flock(fd.get(), LOCK_EX);
  } while (done != 0 && errno == EINTR);
  if (done != 0) return fail_errno(errno, "lock", path);
  return fd;
}

Result<std::vector<Layout>> deserted_roots(const std::string& registry) {
  std::vector<Layout> roots;
  const UniqueFd dir = TRY(open_dir(registry));
  for (const std::string& name : TRY(names_in(registry))) {
    if (!is_entry(name) || owned(dir.get(), name, {})) continue;
    roots.emplace_back(std::string(text::trim(TRY(read_file(dir.get(), name)))));
  }
  return roots;
}

Result<void> forget_root(const Layout& layout, const std::string& registry) {
  const UniqueFd dir = TRY(open_dir(registry));
  for (const std::string& name : TRY(names_in(registry))) {
    if (!is_entry(name)) continue;
    const std::string owner = TRY(read_file(dir.get(), name));
    if (text::trim(owner) == layout.root()) TRY(remove_file(dir.get(), name));
  }
  return {};
}

Result<Subnet> recorded_subnet(const Layout& layout) {
  const std::string content = TRY(read_file(AT_FDCWD, record_path(layout)));
  const auto fields = text::split(text::trim(content), ' ');
  const auto v4 = fields.size() == 2 ? IpPrefix::parse(fields[0]) : std::nullopt;
  const auto v6 = fields.size() == 2 ? IpPrefix::parse(fields[1]) : std::nullopt;
  if (!v4 || !v6 || v4->address.family != 4 || v6->address.family != 6 || v4->length > 30 ||
      v6->length > 120) {
    return fail(Code::kCorrupt, "read", record_path(layout), "it names no subnet");
  }
  return Subnet{*v4, *v6};
}

Result<Subnet> acquire_subnet(const Layout& layout, const std::vector<IpPrefix>& in_use,
                              const std::string& registry) {
  const UniqueFd lock = TRY(lock_registry(registry));
  const UniqueFd dir = TRY(open_dir(registry));
  auto known = recorded_subnet(layout);
  if (known) {
    // The registry may have been cleared by hand; the record is what the pods live by.
    auto again = make_file(dir.get(), file_name(known->v4), layout.root() + "\n");
    if (!again && again.error().code != Code::kAlreadyExists)
      return Failure(std::move(again).error());
    const std::string owner = TRY(read_file(dir.get(), file_name(known->v4)));
    if (text::trim(owner) == layout.root()) return known;
    return fail(Code::kConflict, "keep subnet", known->v4.str(),
                "the root \"" + std::string(text::trim(owner)) + "\" has it too");
  }
  if (known.error().code != Code::kNotFound) return known;
  TRY(make_dirs(layout.run()));
  const auto v4 = TRY(choose(dir.get(), layout, in_use));
  if (!v4) {
    return fail(
        Code::kExhausted, "choose subnet", "10.90.0.0-10.95.255.255",
        "other roots and the host's routes have all of it; `podctl system reset` frees a root's");
  }
  const Subnet subnet{*v4, derived_v6(layout.root(), *v4)};
  const UniqueFd run = TRY(open_dir(layout.run()));
  TRY(replace_file(run.get(), "subnet", subnet.v4.str() + " " + subnet.v6.str() + "\n"));
  return subnet;
}

Result<Released> release_subnet(const Layout& layout, const std::string& registry) {
  Released out;
  out.lock = TRY(lock_registry(registry));
  TRY(forget_root(layout, registry));
  const auto left = TRY(names_in(registry));
  out.last_root = std::none_of(left.begin(), left.end(), is_entry);
  if (::unlink(record_path(layout).c_str()) != 0 && errno != ENOENT) {
    return fail_errno(errno, "remove", record_path(layout));
  }
  return out;
}

}  // namespace podctl::ipam
