// Strict text: whole-string numbers, identifiers, splitting, hashing of names. No locale, no exceptions.
//
// Used by every layer. A string from outside becomes a path or a kernel name only after one of the
// valid_* functions has accepted it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podctl::text {

// The whole of `s` as a decimal number; nothing for an empty string, a sign, spaces or overflow.
std::optional<std::uint64_t> parse_u64(std::string_view s);
// The same with an optional leading '-'.
std::optional<std::int64_t> parse_i64(std::string_view s);

// RFC 1123 label: [a-z0-9]([-a-z0-9]*[a-z0-9])?, 1-63 characters.
bool valid_dns_label(std::string_view s);
// RFC 1123 subdomain: labels joined by dots, 1-253 characters.
bool valid_dns_subdomain(std::string_view s);
// A name safe as one path component and cgroup name: [A-Za-z0-9][A-Za-z0-9_.-]*, at most 128
// characters, never only dots.
bool valid_id(std::string_view s);

std::vector<std::string_view> split(std::string_view s, char separator);
std::string_view trim(std::string_view s);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// FNV-1a, 64 bits: names of kernel objects derive from it (never a security boundary).
std::uint64_t hash64(std::string_view s);
// The low `digits` hex digits of a value.
std::string hex(std::uint64_t value, int digits);

// Optimal-string-alignment distance, for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);
// The candidate nearest to `word`, when near enough to be a likely slip.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates);

}  // namespace podctl::text
