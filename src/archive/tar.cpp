#include "podctl/archive/tar.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "podctl/base/text.hpp"

namespace podctl::archive {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestPath = 4096;       // PATH_MAX
constexpr std::uint64_t kLargestPax = 64 << 10;  // of all records of an entry

// The fields of a ustar header: offset and length.
struct Span {
  std::size_t at, size;
};
constexpr Span kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 8};

Failure corrupt(std::string why) {
  return fail(Code::kCorrupt, "read archive", {}, std::move(why));
}

void put(std::string& block, Span field, std::string_view value) {
  block.replace(field.at, std::min(field.size, value.size()), value.substr(0, field.size));
}

bool fits(std::uint64_t value, Span field) {
  return value < (1ULL << (3 * (field.size - 1)));  // octal digits and a NUL
}

void put_number(std::string& block, Span field, std::uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%0*llo", static_cast<int>(field.size - 1),
                static_cast<unsigned long long>(fits(value, field) ? value : 0));
  put(block, field, text.data());
}

// The sum of all bytes, its own field taken as spaces.
std::uint64_t checksum(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kSum.at && i < kSum.at + kSum.size;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::string ustar(char type, std::string_view name, std::string_view link, std::uint64_t size,
                  const Entry& entry) {
  std::string block(kBlock, '\0');
  put(block, kName, name);
  put_number(block, kMode, entry.mode);
  put_number(block, kUid, entry.uid);
  put_number(block, kGid, entry.gid);
  put_number(block, kSize, size);
  put_number(block, kTime, 0);
  block[kType.at] = type;
  put(block, kLink, link);
  put(block, kMagic, std::string_view("ustar\00000", 8));
  std::array<char, 8> sum{};
  std::snprintf(sum.data(), sum.size(), "%06llo", static_cast<unsigned long long>(checksum(block)));
  put(block, kSum, std::string_view(sum.data(), 7));
  block[kSum.at + 7] = ' ';
  return block;
}

// "LENGTH KEY=VALUE\n", the length being its own too.
void add_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + std::to_string(rest).size();
  length = rest + std::to_string(length).size();
  ((((records += std::to_string(length)) += ' ') += key) += '=') += value;
  records += '\n';
}

std::string pax_records(const Entry& entry) {
  std::string records;
  if (entry.path.size() > kName.size) add_record(records, "path", entry.path);
  if (entry.link.size() > kLink.size) add_record(records, "linkpath", entry.link);
  if (!fits(entry.size, kSize)) add_record(records, "size", std::to_string(entry.size));
  if (!fits(entry.uid, kUid)) add_record(records, "uid", std::to_string(entry.uid));
  if (!fits(entry.gid, kGid)) add_record(records, "gid", std::to_string(entry.gid));
  return records;
}

std::string text_in(std::string_view block, Span field) {
  const auto value = block.substr(field.at, field.size);
  return std::string(value.substr(0, value.find('\0')));
}

std::optional<std::uint64_t> number_in(std::string_view block, Span field) {
  std::uint64_t value = 0;
  const std::string text = text_in(block, field);
  const auto digits = text::trim(text);
  if (digits.empty()) return 0;
  for (const char c : digits) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool all_zero(std::string_view block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

}  // namespace

std::string padding(std::uint64_t size) {
  return std::string((kBlock - size % kBlock) % kBlock, '\0');
}

std::string end_of_archive() { return std::string(2 * kBlock, '\0'); }

std::string encode_header(const Entry& entry) {
  std::string out;
  if (const auto records = pax_records(entry); !records.empty()) {
    out = ustar('x', "pax", {}, records.size(), {}) + records + padding(records.size());
  }
  const char type = entry.type == EntryType::kDirectory ? '5'
                    : entry.type == EntryType::kSymlink ? '2'
                                                        : '0';
  return out + ustar(type, entry.path, entry.link, entry.size, entry);
}

bool safe_path(std::string_view path) {
  if (path == ".") return true;
  if (path.empty() || path.size() > kLongestPath) return false;
  if (path.find('\0') != std::string_view::npos) return false;
  const auto parts = text::split(path, '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

Result<void> TarReader::pax(std::string_view records) {
  while (!records.empty()) {
    const auto space = records.find(' ');
    const auto length = text::parse_u64(records.substr(0, space));
    if (space == std::string_view::npos || !length || *length > records.size() ||
        *length < space + 3) {
      return corrupt("a pax record of a wrong length");
    }
    const auto record = records.substr(space + 1, *length - space - 1);
    const auto equals = record.find('=');
    if (record.back() != '\n' || equals == std::string_view::npos)
      return corrupt("a pax record that is none");
    const auto key = record.substr(0, equals);
    const std::string value(record.substr(equals + 1, record.size() - equals - 2));
    const auto number = text::parse_u64(value);
    if (key == "path") pax_path_ = value;
    if (key == "linkpath") pax_link_ = value;
    if ((key == "size" || key == "uid" || key == "gid") && !number)
      return corrupt("a pax record whose number is none");
    if (key == "size") pax_size_ = number;
    if (key == "uid") pax_uid_ = number;
    if (key == "gid") pax_gid_ = number;
    records.remove_prefix(*length);
  }
  return {};
}

// True when `piece` has the entry; false when there is more to read before.
Result<bool> TarReader::header(Piece& piece) {
  const std::string block = buffer_.substr(0, kBlock);
  if (all_zero(block)) {
    ended_ = true;
    return false;
  }
  const auto size = number_in(block, kSize), sum = number_in(block, kSum);
  const auto mode = number_in(block, kMode), uid = number_in(block, kUid),
             gid = number_in(block, kGid);
  if (!size || !sum || !mode || !uid || !gid || *sum != checksum(block))
    return corrupt("a header that is none");
  const char type = block[kType.at];
  if (type == 'x') {
    if (pax_seen_) return corrupt("two pax headers for one entry");
    if (*size > kLargestPax) return corrupt("a pax header that is too large");
    const std::size_t whole = kBlock + *size + padding(*size).size();
    if (buffer_.size() < whole) return false;
    TRY(pax(std::string_view(buffer_).substr(kBlock, *size)));
    buffer_.erase(0, whole);
    pax_seen_ = true;
    return buffer_.size() < kBlock ? Result<bool>(false) : header(piece);
  }
  buffer_.erase(0, kBlock);
  Entry entry;
  if (type != '0' && type != '\0' && type != '2' && type != '5')
    return corrupt("an entry that is neither file, directory nor symlink");
  entry.type = type == '5'   ? EntryType::kDirectory
               : type == '2' ? EntryType::kSymlink
                             : EntryType::kFile;
  entry.path = pax_path_.empty() ? text_in(block, kName) : std::move(pax_path_);
  entry.link = pax_link_.empty() ? text_in(block, kLink) : std::move(pax_link_);
  entry.mode = static_cast<std::uint32_t>(*mode & 07777);
  entry.uid = static_cast<std::uint32_t>(pax_uid_.value_or(*uid));
  entry.gid = static_cast<std::uint32_t>(pax_gid_.value_or(*gid));
  entry.size = pax_size_.value_or(*size);
  pax_seen_ = false;
  pax_path_.clear(), pax_link_.clear();
  pax_size_.reset(), pax_uid_.reset(), pax_gid_.reset();
  if (!safe_path(entry.path)) return corrupt("an entry that leads out of its tree");
  if (entry.type != EntryType::kFile && entry.size != 0) return corrupt("content of what has none");
  if (entry.type == EntryType::kFile) {
    in_file_ = true;
    left_ = entry.size;
    pad_ = padding(entry.size).size();
  }
  piece.entry = std::move(entry);
  return true;
}

std::optional<TarReader::Piece> TarReader::content() {
  Piece piece;
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
  piece.data = buffer_.substr(0, take);
  buffer_.erase(0, take);
  left_ -= take;
  if (left_ > 0) return piece.data.empty() ? std::nullopt : std::optional(std::move(piece));
  if (buffer_.size() < pad_) {
    if (piece.data.empty()) return std::nullopt;
    return piece;
  }
  buffer_.erase(0, static_cast<std::size_t>(pad_));
  in_file_ = false;
  piece.last = true;
  return piece;
}

Result<std::optional<TarReader::Piece>> TarReader::next() {
  if (ended_) {
    buffer_.clear();
    return std::optional<Piece>();
  }
  if (in_file_) return content();
  if (buffer_.size() < kBlock) return std::optional<Piece>();
  Piece piece;
  if (!TRY(header(piece))) return std::optional<Piece>();
  return std::optional(std::move(piece));
}

}  // namespace podctl::archive
