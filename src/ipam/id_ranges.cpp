// /run/podctl-ids/131072        "<uid>\n<root>\n": what makes the ids from 131072 on taken
// /run/podctl-ids/@<hash>       a symbolic link to it; the hash is of the uid and the root
#include "podctl/ipam/id_ranges.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>

#include "ipam/files.hpp"
#include "podctl/base/text.hpp"
#include "podctl/ipam/subnet.hpp"

namespace podctl::ipam {
namespace {

// The last id is no id: -1 says "leave it" to chown(2) and its like.
constexpr std::uint64_t kEnd = std::numeric_limits<std::uint32_t>::max();

std::string content_of(const Layout& layout, const std::string& uid) {
  return uid + "\n" + layout.root() + "\n";
}

struct Owner {
  std::string uid, root;
};

Owner owner_of(std::string_view content) {
  if (content.ends_with('\n')) content.remove_suffix(1);
  const auto end = std::min(content.find('\n'), content.size());
  return {std::string(content.substr(0, end)),
          std::string(content.substr(std::min(end + 1, content.size())))};
}

std::string link_name(const Layout& layout, const std::string& uid) {
  return "@" + text::hex(text::hash64(content_of(layout, uid)), 16);
}

std::optional<std::uint32_t> first_of(std::string_view name) {
  const auto first = text::parse_u64(name);
  if (!first || *first == 0 || *first % kIdsOfPod != 0 || *first + kIdsOfPod > kEnd) return {};
  return static_cast<std::uint32_t>(*first);
}

Result<std::optional<IdRange>> known(int registry, const Layout& layout, const std::string& uid) {
  std::array<char, 32> target{};
  const ssize_t size =
      ::readlinkat(registry, link_name(layout, uid).c_str(), target.data(), target.size());
  if (size < 0 && errno == ENOENT) return std::optional<IdRange>();
  if (size < 0) return fail_errno(errno, "read host ids of", uid);
  const std::string name(target.data(), static_cast<std::size_t>(size));
  const auto first = first_of(name);
  if (!first) return fail(Code::kCorrupt, "read host ids of", uid, "\"" + name + "\"");
  const auto owner = read_file(registry, name);
  // Somebody has cleared the registry by hand, or we were killed before it was made.
  if (!owner || *owner != content_of(layout, uid)) return std::optional<IdRange>();
  return std::optional(IdRange{*first, kIdsOfPod});
}

bool touches(const IdRange& candidate, const std::vector<IdRange>& taken) {
  return std::any_of(taken.begin(), taken.end(),
                     [&](const IdRange& other) { return candidate.overlaps(other); });
}

// Of a root whose directory somebody deleted without a reset: what may yet run of it the caller
// knows by its processes.
bool deserted(int registry, const std::string& name) {
  const auto content = read_file(registry, name);
  if (!content) return false;
  return ::access(Layout(owner_of(*content).root).run().c_str(), F_OK) != 0;
}

Result<void> forget(int registry, const Layout& layout, const std::string& uid,
                    const std::string& name) {
  TRY(remove_file(registry, name));
  return remove_file(registry, link_name(layout, uid));
}

Result<IdRange> choose(int registry, const Layout& layout, const std::string& uid,
                       const std::vector<IdRange>& taken) {
  for (std::uint64_t first = kIdsOfPod; first + kIdsOfPod <= kEnd; first += kIdsOfPod) {
    const IdRange candidate{static_cast<std::uint32_t>(first), kIdsOfPod};
    if (touches(candidate, taken)) continue;
    const std::string name = std::to_string(first);
    auto made = make_file(registry, name, content_of(layout, uid));
    if (!made && made.error().code == Code::kAlreadyExists && deserted(registry, name)) {
      TRY(remove_file(registry, name));
      made = make_file(registry, name, content_of(layout, uid));
    }
    if (!made && made.error().code == Code::kAlreadyExists) continue;
    TRY(std::move(made));
    const std::string link = link_name(layout, uid);
    TRY(remove_file(registry, link));
    if (::symlinkat(name.c_str(), registry, link.c_str()) != 0)
      return fail_errno(errno, "name host ids of", uid);
    return candidate;
  }
  return fail(Code::kExhausted, "allocate host ids for", uid, "no 65536 of them are free");
}

// Fields of a line of /etc's files.
std::optional<std::uint64_t> number(const std::vector<std::string_view>& fields, std::size_t at) {
  return at < fields.size() ? text::parse_u64(text::trim(fields[at])) : std::nullopt;
}

void add(std::vector<IdRange>& ranges, std::optional<std::uint64_t> first,
         std::optional<std::uint64_t> count) {
  if (!first || !count || *first > kEnd || *count == 0) return;
  const std::uint64_t most = kEnd + 1 - *first;
  ranges.push_back({static_cast<std::uint32_t>(*first),
                    static_cast<std::uint32_t>(std::min({*count, most, kEnd}))});
}

std::string read_whole(const std::string& path) {
  constexpr std::size_t kMost = 4U << 20;
  std::string content;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> block{};
  while (fd && content.size() < kMost) {
    const ssize_t n = ::read(fd.get(), block.data(), block.size());
    if (n <= 0) break;
    content.append(block.data(), static_cast<std::size_t>(n));
  }
  return content;
}

void append(std::vector<IdRange>& to, std::vector<IdRange> more) {
  to.insert(to.end(), more.begin(), more.end());
}

bool is_number(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

Result<IdRange> allocate_ids(const Layout& layout, const std::string& uid,
                             const std::vector<IdRange>& taken, const std::string& registry) {
  if (!text::valid_id(uid))
    return fail(Code::kInvalidArgument, "allocate host ids for", uid, "not a pod uid");
  const UniqueFd lock = TRY(lock_registry(registry));
  const UniqueFd dir = TRY(open_dir(registry));
  if (const auto range = TRY(known(dir.get(), layout, uid))) return *range;
  return choose(dir.get(), layout, uid, taken);
}

Result<void> release_ids(const Layout& layout, const std::string& uid,
                         const std::string& registry) {
  auto dir = open_dir(registry);
  if (!dir && dir.error().code == Code::kNotFound) return {};
  if (!dir) return Failure(std::move(dir).error());
  const UniqueFd lock = TRY(lock_registry(registry));
  const auto range = TRY(known(dir->get(), layout, uid));
  if (range) TRY(remove_file(dir->get(), std::to_string(range->first)));
  return remove_file(dir->get(), link_name(layout, uid));
}

Result<void> release_ids_but(const Layout& layout, const std::vector<std::string>& live,
                             const std::string& registry) {
  auto dir = open_dir(registry);
  if (!dir && dir.error().code == Code::kNotFound) return {};
  if (!dir) return Failure(std::move(dir).error());
  const UniqueFd lock = TRY(lock_registry(registry));
  for (const std::string& name : TRY(names_in(registry))) {
    if (!first_of(name)) continue;
    const auto [uid, root] = owner_of(TRY(read_file(dir->get(), name)));
    if (root != layout.root() || std::find(live.begin(), live.end(), uid) != live.end()) continue;
    TRY(forget(dir->get(), layout, uid, name));
  }
  return {};
}

std::vector<IdRange> allotments(std::string_view content) {
  std::vector<IdRange> ranges;
  for (const auto line : text::split(content, '\n')) {
    const auto fields = text::split(line, ':');
    add(ranges, number(fields, 1), number(fields, 2));
  }
  return ranges;
}

std::vector<IdRange> accounts(std::string_view content) {
  std::vector<IdRange> ranges;
  for (const auto line : text::split(content, '\n')) {
    const auto id = number(text::split(line, ':'), 2);
    if (id && *id >= kIdsOfPod) add(ranges, id, 1);
  }
  return ranges;
}

std::vector<IdRange> mapped(std::string_view content) {
  std::vector<IdRange> ranges;
  for (const auto line : text::split(content, '\n')) {
    std::vector<std::string_view> fields;
    for (const auto field : text::split(line, ' ')) {
      if (!field.empty()) fields.push_back(field);
    }
    const auto inside = number(fields, 0), first = number(fields, 1), count = number(fields, 2);
    if (inside == 0U && first == 0U && count == kEnd) return {};
    add(ranges, first, count);
  }
  return ranges;
}

std::vector<IdRange> others_ids() {
  std::vector<IdRange> taken;
  for (const char* file : {"/etc/subuid", "/etc/subgid"}) {
    append(taken, allotments(read_whole(file)));
  }
  for (const char* file : {"/etc/passwd", "/etc/group"}) append(taken, accounts(read_whole(file)));
  const auto processes = names_in("/proc");
  if (!processes) return taken;
  for (const std::string& pid : *processes) {
    if (!is_number(pid)) continue;
    for (const char* map : {"/uid_map", "/gid_map"}) {
      append(taken, mapped(read_whole("/proc/" + pid + map)));
    }
  }
  return taken;
}

}  // namespace podctl::ipam
