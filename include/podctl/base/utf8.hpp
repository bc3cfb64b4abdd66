// UTF-8 as Unicode defines it: no overlong form, no surrogate, nothing above U+10FFFF.
//
// Used wherever text that a container or an image wrote goes into JSON, which holds nothing else
// (one stray byte would make the whole document unreadable), or to somebody's terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace podctl::utf8 {

// Bytes of the well-formed character that begins at `at`; 0 where none does.
std::size_t character(std::string_view s, std::size_t at);

// The text with U+FFFD in place of every byte that belongs to no character, as Go's encoders do.
std::string well_formed(std::string text);

// The text without anything that a terminal obeys: escape as "^[", carriage return as "\r" (both as
// kubectl shows them), other control characters as "^X" or U+FFFD. Tabs and line ends stay.
std::string printable(std::string_view text);

}  // namespace podctl::utf8
