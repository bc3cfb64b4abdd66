#include "cli/detach_keys.hpp"

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

// The byte of a key; none for what is no key.
std::optional<char> byte_of(std::string_view key) {
  if (key.size() == 1) return key[0];
  if (!key.starts_with("ctrl-") || key.size() != 6) return std::nullopt;
  const char c = key[5];
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 1);
  constexpr std::string_view kSigns = "@[\\]^_";
  if (kSigns.find(c) == std::string_view::npos) return std::nullopt;
  return static_cast<char>(c - '@');
}

}  // namespace

Result<std::string> parse_detach_keys(std::string_view keys) {
  std::string bytes;
  if (keys.empty()) return bytes;
  for (const auto key : text::split(keys, ',')) {
    const auto byte = byte_of(key);
    if (!byte) {
      return fail(Code::kInvalidArgument,
                  "invalid argument \"" + std::string(keys) + "\" for --detach-keys: \"" +
                      std::string(key) +
                      "\" is no key: single characters and ctrl-X are, parted by commas",
                  {});
    }
    bytes += *byte;
  }
  return bytes;
}

std::string DetachFilter::pass(std::string_view typed) {
  if (keys_.empty()) return std::string(typed);
  std::string out;
  for (const char c : typed) {
    if (detached()) break;
    held_ += c;
    while (!keys_.starts_with(held_)) {
      out += held_[0];
      held_.erase(0, 1);
    }
  }
  return out;
}

}  // namespace podctl::cli
