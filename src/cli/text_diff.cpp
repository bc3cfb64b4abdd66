#include "cli/text_diff.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kContext = 3;

using Lines = std::vector<std::string_view>;

struct Line {
  char mark = ' ';  // ' ', '-', '+'
  std::string_view text;
};

Lines lines_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.empty() ? Lines() : text::split(text, '\n');
}

// Of more pairs of lines than this the table would be too large: all of one side goes, all of the
// other comes.
constexpr std::size_t kMostPairs = std::size_t{16} << 20;

// By the longest common subsequence: the table of a thousand lines is four megabytes.
std::vector<Line> middle(std::span<const std::string_view> before,
                         std::span<const std::string_view> after) {
  const std::size_t n = before.size(), m = after.size();
  if ((n + 1) * (m + 1) > kMostPairs) {
    std::vector<Line> all;
    for (const auto line : before) all.push_back({'-', line});
    for (const auto line : after) all.push_back({'+', line});
    return all;
  }
  std::vector<std::uint32_t> common((n + 1) * (m + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (m + 1) + j];
  };
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      at(i, j) =
          before[i] == after[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::vector<Line> out;
  std::size_t i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && before[i] == after[j]) {
      out.push_back({' ', before[i++]});
      ++j;
    } else if (i < n && (j == m || at(i + 1, j) >= at(i, j + 1))) {
      out.push_back({'-', before[i++]});
    } else {
      out.push_back({'+', after[j++]});
    }
  }
  return out;
}

std::vector<Line> script(const Lines& before, const Lines& after) {
  const std::size_t least = std::min(before.size(), after.size());
  std::size_t head = 0, tail = 0;
  while (head < least && before[head] == after[head]) ++head;
  while (tail < least - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  std::vector<Line> out;
  for (std::size_t i = 0; i < head; ++i) out.push_back({' ', before[i]});
  const auto changed = middle(std::span(before).subspan(head, before.size() - head - tail),
                              std::span(after).subspan(head, after.size() - head - tail));
  out.insert(out.end(), changed.begin(), changed.end());
  for (std::size_t i = before.size() - tail; i < before.size(); ++i)
    out.push_back({' ', before[i]});
  return out;
}

// "3,7", "3" for one line; before an empty side the line that it comes after.
std::string range(std::size_t first, std::size_t count) {
  if (count == 1) return std::to_string(first + 1);
  return std::to_string(count == 0 ? first : first + 1) + "," + std::to_string(count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after,
                         std::string_view before_name, std::string_view after_name) {
  if (before == after) return {};
  const auto lines = script(lines_of(before), lines_of(after));
  std::string out = "--- " + std::string(before_name) + "\n+++ " + std::string(after_name) + "\n";
  std::size_t old_line = 0, new_line = 0;
  for (std::size_t at = 0; at < lines.size();) {
    const auto next = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(at), lines.end(),
                                   [](const Line& l) { return l.mark != ' '; });
    if (next == lines.end()) break;
    const auto change = static_cast<std::size_t>(next - lines.begin());
    const std::size_t first = std::max(at, change < kContext ? 0 : change - kContext);
    old_line += first - at;
    new_line += first - at;
    // To where more lines are the same than both contexts hold.
    std::size_t end = change, last = change;
    for (; end < lines.size() && end <= last + 2 * kContext; ++end) {
      if (lines[end].mark != ' ') last = end;
    }
    end = std::min(lines.size(), last + 1 + kContext);
    std::string body;
    std::size_t olds = 0, news = 0;
    for (std::size_t i = first; i < end; ++i) {
      (body += lines[i].mark).append(lines[i].text) += '\n';
      olds += lines[i].mark != '+' ? 1 : 0;
      news += lines[i].mark != '-' ? 1 : 0;
    }
    out += "@@ -" + range(old_line, olds) + " +" + range(new_line, news) + " @@\n" + body;
    old_line += olds;
    new_line += news;
    at = end;
  }
  return out;
}

}  // namespace podctl::cli
