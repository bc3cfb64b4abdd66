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

namespace {

constexpr std::size_t kLeastRoom = 10;  // less is not worth folding for

// The columns before the last one.
std::size_t indent_of(const std::vector<std::string_view>& lines, TabStops stops) {
  std::vector<std::size_t> widths;
  for (std::string_view line : lines) {
    const auto cells = text::split(line, '\t');
    widths.resize(std::max(widths.size(), cells.size()), stops.min_width);
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], display_width(cells[i]) + stops.padding);
  }
  std::size_t indent = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) indent += widths[i];
  return indent;
}

// The text in lines of at most `room` columns; a longer word keeps a line of its own.
std::vector<std::string> folded(std::string_view text, std::size_t room) {
  std::vector<std::string> lines(1);
  for (std::string_view word : text::split(text, ' ')) {
    std::string& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (display_width(line) + 1 + display_width(word) <= room) {
      (line += ' ') += word;
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

}  // namespace

std::string align_folded(std::string_view text, TabStops stops, std::size_t width) {
  const std::string_view body = text.substr(0, text.size() - (text.ends_with('\n') ? 1 : 0));
  const auto lines = text::split(body, '\n');
  const std::size_t indent = indent_of(lines, stops);
  if (width < indent + kLeastRoom) return align(text, stops);
  std::string out;
  for (std::string_view line : lines) {
    const std::size_t last = line.rfind('\t') + 1;  // 0 when there is one cell only
    const auto tabs = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
    std::string lead(line.substr(0, last));
    for (const std::string& part : folded(line.substr(last), width - indent)) {
      out += lead + part + "\n";
      lead = std::string(tabs, '\t');
    }
  }
  return align(out, stops);
}

namespace {

// Where a line's value begins: behind "key:" and its spaces, or behind the indent.
std::size_t value_column(std::string_view line) {
  const auto indent = std::min(line.find_first_not_of(' '), line.size());
  const auto colon = line.find(": ", indent);
  const bool key = colon != std::string_view::npos &&
                   line.substr(indent, colon - indent).find("  ") == std::string_view::npos;
  return key ? std::min(line.find_first_not_of(' ', colon + 1), line.size()) : indent;
}

}  // namespace

std::string fold_values(std::string_view text, std::size_t width) {
  if (width == 0) return std::string(text);
  std::string out;
  const bool ends = text.ends_with('\n');
  if (ends) text.remove_suffix(1);
  for (std::string_view line : text::split(text, '\n')) {
    const auto column = value_column(line);
    if (display_width(line) <= width || width < column + kLeastRoom) {
      (out += line) += '\n';
      continue;
    }
    std::string lead(line.substr(0, column));
    for (const std::string& part : folded(line.substr(column), width - column)) {
      out += lead + part + '\n';
      lead.assign(column, ' ');
    }
  }
  if (!ends && !out.empty()) out.pop_back();
  return out;
}

std::string Table::str(bool headings, std::size_t width) const {
  std::string text;
  if (headings) text = text::join(head, "\t") + "\n";
  for (const auto& row : rows) text += text::join(row, "\t") + "\n";
  return text.empty() ? text : align_folded(text, kTableStops, width);
}

}  // namespace podctl::cli
