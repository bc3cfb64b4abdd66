// What the parts of describe write into: lines with an indent, a key and a value, aligned at the
// end.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/utf8.hpp"
#include "podctl/cli/columns.hpp"

namespace podctl::cli {

class DescribeText {
 public:
  // "<indent>key:\tvalue"; an indent is two spaces.
  void pair(int level, std::string_view key, std::string_view value) {
    indent(level);
    ((text_ += key) += ":\t") += value;
    text_ += '\n';
  }
  // "<indent>key:"
  void title(int level, std::string_view key) {
    indent(level);
    text_ += key;
    text_ += ":\n";
  }
  // A line as it is; cells by tabs.
  void line(int level, std::string_view cells) {
    indent(level);
    text_ += cells;
    text_ += '\n';
  }
  void append(const DescribeText& more) { text_ += more.text_; }
  // Aligned. `foreign` text holds what containers wrote, and nothing that a terminal should obey.
  std::string str(bool foreign = false) const {
    return align(foreign ? utf8::printable(text_) : text_, kDescribeStops);
  }

 private:
  void indent(int level) { text_.append(static_cast<std::size_t>(level) * 2, ' '); }
  std::string text_;
};

}  // namespace podctl::cli
