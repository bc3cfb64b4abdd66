#include "podctl/cli/columns.hpp"

#include <algorithm>

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

using Line = std::vector<std::string_view>;  // all cells but the last are tab-terminated

// Lays out lines [first, last) from column `widths.size()` on: each run of lines that have this
// column gets its width, then the next column is laid out within the run.
void lay_out(const std::vector<Line>& lines, std::size_t first, std::size_t last, TabStops stops,
             std::vector<std::size_t>& widths, std::vector<std::string>& out) {
  const std::size_t column = widths.size();
  auto write = [&](std::size_t i) {
    std::string& text = out[i];
    const Line& line = lines[i];
    for (std::size_t c = 0; c < line.size(); ++c) {
      text += line[c];
      if (c + 1 < line.size()) text.append(widths[c] - display_width(line[c]), ' ');
    }
  };
  std::size_t i = first;
  while (i < last) {
    if (column + 1 >= lines[i].size()) {
      write(i++);
      continue;
    }
    std::size_t end = i;
    std::size_t width = stops.min_width;
    for (; end < last && column + 1 < lines[end].size(); ++end) {
      const std::size_t cell = display_width(lines[end][column]);
      width = std::max(width, cell + stops.padding);
    }
    widths.push_back(width);
    lay_out(lines, i, end, stops, widths, out);
    widths.pop_back();
    i = end;
  }
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++width;
    }
  }
  return width;
}

std::string align(std::string_view text, TabStops stops) {
  const bool ends = !text.empty() && text.back() == '\n';
  if (ends) text.remove_suffix(1);
  std::vector<Line> lines;
  for (std::string_view line : text::split(text, '\n')) lines.push_back(text::split(line, '\t'));
  std::vector<std::string> out(lines.size());
  std::vector<std::size_t> widths;
  lay_out(lines, 0, lines.size(), stops, widths, out);
  std::string joined = text::join(out, "\n");
  if (ends) joined += '\n';
  return joined;
}

std::string Table::str(bool headings) const {
  std::string text;
  if (headings) text = text::join(head, "\t") + "\n";
  for (const auto& row : rows) text += text::join(row, "\t") + "\n";
  return text.empty() ? text : align(text, kTableStops);
}

}  // namespace podctl::cli
