#include "podctl/scenario/report.hpp"

#include <algorithm>
#include <set>

#include "podctl/base/utf8.hpp"
#include "podctl/scenario/expect.hpp"

namespace podctl::scenario {
namespace {

std::string padded(std::string text, std::size_t width, bool right = false) {
  const std::string space(width > text.size() ? width - text.size() : 0, ' ');
  return right ? space + text : text + space;
}

std::string who(const Entry& e, bool several) {
  if (e.what == What::kDone || (e.pod.empty() && e.container.empty())) return "test";
  if (!several) return e.container.empty() ? "pod" : e.container;
  return e.container.empty() ? e.pod : e.pod + "/" + e.container;
}

std::string first_line(const std::string& text) {
  const auto end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end) + " …";
}

// XML 1.0 has no way to write most control characters.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : utf8::well_formed(std::string(text))) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "?";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + xml(value) + "\"";
}

std::string in_seconds(std::uint64_t ns) {
  auto text = seconds_text(ns);
  text.pop_back();  // the s
  return text;
}

struct Sum {
  std::size_t all = 0, failed = 0, skipped = 0;
  std::uint64_t took_ns = 0;

  void add(const Outcome& o) {
    ++all;
    if (o.kind == Outcome::Kind::kFailed) ++failed;
    if (o.kind == Outcome::Kind::kSkipped) ++skipped;
    took_ns += o.took_ns;
  }
  std::string attributes() const {
    return attribute("tests", std::to_string(all)) + attribute("failures", std::to_string(failed)) +
           attribute("errors", "0") + attribute("skipped", std::to_string(skipped)) +
           attribute("time", in_seconds(took_ns));
  }
};

std::string test_case(const Outcome& o) {
  std::string out = "    <testcase" + attribute("name", o.name + " (" + o.mode + ")") +
                    attribute("classname", o.file) + attribute("time", in_seconds(o.took_ns));
  switch (o.kind) {
    case Outcome::Kind::kPassed:
      return out + "/>\n";
    case Outcome::Kind::kSkipped:
      return out + "><skipped" + attribute("message", o.message) + "/></testcase>\n";
    case Outcome::Kind::kFailed:
      break;
  }
  return out + "><failure" + attribute("message", o.message) + attribute("type", "expectation") +
         ">" + xml(o.text) + "</failure></testcase>\n";
}

}  // namespace

std::string timeline(const History& history, std::optional<std::size_t> marked) {
  std::set<std::string> pods;
  for (const auto& entry : history) {
    if (!entry.pod.empty()) pods.insert(entry.pod);
  }
  std::size_t width = 4;
  for (const auto& entry : history) width = std::max(width, who(entry, pods.size() > 1).size());
  std::string out;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto& entry = history[i];
    out += marked == i ? ">>" : "  ";
    out += padded(seconds_text(entry.at_ns), 12, true) + "  " +
           padded(who(entry, pods.size() > 1), width) + "  " +
           (entry.what == What::kOrdered ? "~ " : "") + first_line(text_of(entry)) + "\n";
  }
  return out;
}

std::string junit(const std::vector<Outcome>& outcomes) {
  std::vector<std::string> files;
  Sum total;
  for (const auto& o : outcomes) {
    total.add(o);
    if (std::find(files.begin(), files.end(), o.file) == files.end()) files.push_back(o.file);
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
                    attribute("name", "podctl test") + total.attributes() + ">\n";
  for (const auto& file : files) {
    Sum sum;
    std::string cases;
    for (const auto& o : outcomes) {
      if (o.file != file) continue;
      sum.add(o);
      cases += test_case(o);
    }
    out += "  <testsuite" + attribute("name", file) + sum.attributes() + ">\n" + cases +
           "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace podctl::scenario
