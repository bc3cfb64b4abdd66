// A strict JSON reader that keeps positions. It is on the server's path for every request, so it
// reads in one pass and copies each string once.
#include <charconv>

#include "api/reader.hpp"

namespace podctl::api {
namespace {

class JsonReader {
 public:
  JsonReader(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  bool read(Tree& out, Fault& fault) {
    space();
    if (!value(out, 0)) return fault = take_fault(), false;
    space();
    if (at_ < text_.size()) {
      stop("text after the value");
      return fault = take_fault(), false;
    }
    return true;
  }

 private:
  Fault take_fault() { return reader::syntax(fault_at_, fault_); }

  Position here() const { return {line_, static_cast<std::uint32_t>(at_ - line_start_) + 1}; }
  bool stop(std::string text) {
    fault_ = std::move(text);
    fault_at_ = here();
    return false;
  }
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }

  void space() {
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  bool value(Tree& out, std::size_t depth) {
    if (++nodes_ > limits_.nodes) return stop(reader::too_many_nodes(limits_));
    if (depth > limits_.depth) return stop(reader::too_deep(limits_));
    out.at = here();
    switch (peek()) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"':
        out.kind = Tree::Kind::kString;
        return string(out.text);
      case 't':
        out.kind = Tree::Kind::kBool;
        out.boolean = true;
        return word(out, "true");
      case 'f':
        out.kind = Tree::Kind::kBool;
        return word(out, "false");
      case 'n':
        return word(out, "null");
      default:
        return number(out);
    }
  }

  bool word(Tree& out, std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return stop("not a JSON value");
    out.text = w;
    at_ += w.size();
    return true;
  }

  bool object(Tree& out, std::size_t depth) {
    out.kind = Tree::Kind::kMap;
    ++at_;
    space();
    if (peek() == '}') return ++at_, true;
    for (;;) {
      TreeEntry& e = out.entries.emplace_back();
      e.at = here();
      if (peek() != '"') return stop("a key in double quotes is expected");
      if (!string(e.key)) return false;
      space();
      if (peek() != ':') return stop("':' is expected");
      ++at_;
      space();
      if (!value(e.value, depth + 1)) return false;
      space();
      if (peek() == ',') {
        ++at_;
        space();
        continue;
      }
      if (peek() == '}') return ++at_, true;
      return stop("',' or '}' is expected");
    }
  }

  bool array(Tree& out, std::size_t depth) {
    out.kind = Tree::Kind::kList;
    ++at_;
    space();
    if (peek() == ']') return ++at_, true;
    for (;;) {
      if (!value(out.items.emplace_back(), depth + 1)) return false;
      space();
      if (peek() == ',') {
        ++at_;
        space();
        continue;
      }
      if (peek() == ']') return ++at_, true;
      return stop("',' or ']' is expected");
    }
  }

  bool string(std::string& out) {
    for (++at_;;) {
      std::size_t from = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out.append(text_, from, at_ - from);
      if (at_end()) return stop("a string does not end");
      if (text_[at_] == '"') return ++at_, true;
      if (text_[at_] != '\\') return stop("a control character in a string");
      if (!escape(out)) return false;
    }
  }

  bool escape(std::string& out) {
    constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    ++at_;
    char c = peek();
    if (auto i = kFrom.find(c); c != '\0' && i != std::string_view::npos) {
      out += kTo[i];
      ++at_;
      return true;
    }
    std::uint32_t code = 0;
    if (c != 'u' || !hex4(code)) return stop("an unknown escape in a string");
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      std::uint32_t low = 0;
      ++at_;
      if (!hex4(low)) return stop("an unknown escape in a string");
      if (low < 0xdc00 || low > 0xdfff) return stop("half of a surrogate pair in a string");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xd800 && code <= 0xdfff) {
      return stop("half of a surrogate pair in a string");
    }
    append_utf8(out, code);
    return true;
  }

  // At the 'u' of \uXXXX.
  bool hex4(std::uint32_t& code) {
    if (at_ + 5 > text_.size()) return false;
    auto [end, error] = std::from_chars(text_.data() + at_ + 1, text_.data() + at_ + 5, code, 16);
    if (error != std::errc() || end != text_.data() + at_ + 5) return false;
    at_ += 5;
    return true;
  }

  static void append_utf8(std::string& out, std::uint32_t c) {
    auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
    } else {
      put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f));
      put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
    }
  }

  bool digits() {
    std::size_t from = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > from;
  }

  bool number(Tree& out) {
    std::size_t from = at_;
    bool whole = true;
    if (peek() == '-') ++at_;
    bool zero = peek() == '0';
    std::size_t int_from = at_;
    if (!digits() || (zero && at_ - int_from > 1)) return at_ = from, stop("not a JSON value");
    if (peek() == '.') {
      whole = false;
      ++at_;
      if (!digits()) return stop("a digit is expected after '.'");
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return stop("a digit is expected in the exponent");
    }
    out.text = text_.substr(from, at_ - from);
    const char* end = out.text.data() + out.text.size();
    if (whole && std::from_chars(out.text.data(), end, out.integer).ec == std::errc()) {
      out.kind = Tree::Kind::kInt;
      out.number = static_cast<double>(out.integer);
      return true;
    }
    out.kind = Tree::Kind::kFloat;
    if (std::from_chars(out.text.data(), end, out.number).ec != std::errc()) {
      return at_ = from, stop("a number out of range");
    }
    return true;
  }

  std::string_view text_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  std::size_t nodes_ = 0;
  std::string fault_;
  Position fault_at_;
};

}  // namespace

Parsed parse_json(std::string_view text, const Limits& limits) {
  Parsed out;
  if (text.size() > limits.bytes) {
    out.faults.push_back(
        reader::syntax({1, 1}, "too large: more than " + std::to_string(limits.bytes) + " bytes"));
    return out;
  }
  Tree tree;
  Fault fault;
  if (!JsonReader(text, limits).read(tree, fault)) {
    out.faults.push_back(std::move(fault));
    return out;
  }
  reader::report_duplicates(tree, "", out.faults);
  out.documents.push_back(std::move(tree));
  return out;
}

}  // namespace podctl::api
