// Columns of text aligned by elastic tab stops, as Go's text/tabwriter does it, because kubectl's
// output is made by it: a cell ends with a tab; a column is as wide as the widest cell among the
// consecutive lines that have it. Used by every table and by `describe`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace podctl::cli {

struct TabStops {
  std::size_t min_width = 0;  // of a column, padding included
  std::size_t padding = 2;
};
// What kubectl uses for `describe` and for tables.
inline constexpr TabStops kDescribeStops{0, 2};
inline constexpr TabStops kTableStops{6, 3};

// Replaces the tabs of `text` by spaces.
std::string align(std::string_view text, TabStops stops);

// The same for rows of as many cells each, whose last cell goes on in further lines, between words,
// where it would pass `width` columns; 0 folds nothing.
std::string align_folded(std::string_view text, TabStops stops, std::size_t width);

// Lines that are aligned already, as `describe` has them ("  key:   value"): one that passes
// `width` goes on below its value, between words; a longer word keeps a line of its own, so that a
// path can be copied. 0 folds nothing.
std::string fold_values(std::string_view text, std::size_t width);

// Columns that a terminal needs for UTF-8 text: one a code point, escape sequences none.
std::size_t display_width(std::string_view text);

// Headings and rows, as `get` prints them.
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;

  // `headings` false is --no-headers; a last column that passes `width` (if any) is folded.
  std::string str(bool headings = true, std::size_t width = 0) const;
};

}  // namespace podctl::cli
