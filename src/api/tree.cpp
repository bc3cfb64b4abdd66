#include "podctl/api/tree.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "api/faults.hpp"
#include "api/reader.hpp"
#include "podctl/base/utf8.hpp"

namespace podctl::api {
namespace {

bool plain_key(std::string_view key) {
  return !key.empty() && key.find_first_of(".[]\"/ ") == std::string_view::npos;
}

// Whether the bytes are UTF-8 without control characters; else where they are not.
bool readable(std::string_view s, std::size_t& at) {
  for (at = 0; at < s.size();) {
    auto c = static_cast<unsigned char>(s[at]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    if (c == 0x7f) return false;
    const std::size_t length = utf8::character(s, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

// The line as a terminal can show it with the caret still under its place.
std::string one_cell_a_character(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = std::max<std::size_t>(utf8::character(line, at), 1);
    const std::string shown = utf8::printable(line.substr(at, length));
    out += shown == line.substr(at, length) ? shown : "?";
    at += length;
  }
  return out;
}

Position position_of(std::string_view text, std::size_t offset) {
  Position at{1, 1};
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    ++at.column;
    if (text[i] == '\n') at = {at.line + 1, 1};
  }
  return at;
}

// A line that parts documents: "---", alone or with a comment.
bool is_separator(std::string_view line) {
  if (line.substr(0, 3) != "---") return false;
  line.remove_prefix(3);
  auto rest = line.find_first_not_of(" \t\r");
  return rest == std::string_view::npos || (line[rest] == '#' && rest > 0);
}

constexpr std::size_t kMostFaults = 100;  // of syntax, or shown; more help nobody

// Documents are parted line by line, as kubectl does, so that a syntax fault in one spares the
// others.
class Documents {
 public:
  Documents(std::string_view text, const Limits& limits, Parsed& out)
      : text_(text), budget_{limits}, out_(out) {}

  void read() {
    std::size_t at = 0;
    for (std::uint32_t line = 1; at < text_.size(); ++line) {
      if (line > budget_.limits.lines) return too_large(line, budget_.limits.lines, "lines");
      std::size_t end = std::min(text_.find('\n', at), text_.size());
      if (is_separator(text_.substr(at, end - at))) {
        if (!flush(at, line)) return;
        start_ = std::min(end + 1, text_.size());
        start_line_ = line + 1;
      }
      at = end + 1;
    }
    flush(text_.size(), start_line_);
  }

 private:
  void too_large(std::uint32_t line, std::size_t most, const std::string& what) {
    out_.faults.push_back(
        reader::syntax({line, 1}, "too large: more than " + std::to_string(most) + " " + what));
  }

  // The document that ends at `end`; false to read no further.
  bool flush(std::size_t end, std::uint32_t line) {
    std::string_view part = text_.substr(start_, end - start_);
    if (part.find_first_not_of(" \t\r\n") == std::string_view::npos) return true;
    if (++count_ > budget_.limits.documents) {
      too_large(line, budget_.limits.documents, "documents");
      return false;
    }
    Fault fault;
    budget_.alias_nodes = budget_.alias_bytes = 0;
    if (!reader::guard_yaml(part, start_line_, budget_.limits, fault)) {
      out_.faults.push_back(std::move(fault));
    } else {
      reader::read_yaml(part, start_line_, budget_, out_);
    }
    return out_.faults.size() < kMostFaults;
  }

  std::string_view text_;
  reader::Budget budget_;
  Parsed& out_;
  std::size_t start_ = 0, count_ = 0;
  std::uint32_t start_line_ = 1;
};

// What a list holds beside its items.
void check_list(const Tree& list, Faults& faults) {
  const std::vector<std::string_view> known = {"apiVersion", "kind", "metadata", "items"};
  for (const TreeEntry& e : list.entries) {
    if (std::find(known.begin(), known.end(), e.key) != known.end()) continue;
    if (faults.size() >= kMostFaults) return;
    faults.push_back(
        {reader::child("", e.key), "FieldValueInvalid", unknown_field(e.key, known), e.at});
  }
  const Tree* items = list.find("items");
  if (items == nullptr) {
    faults.push_back({"items", "FieldValueRequired", "Required value", list.at});
  } else if (!items->is_list() && !items->is_null()) {
    faults.push_back({"items", "FieldValueTypeInvalid",
                      "must be a list, not a " + std::string(kind_name(items->kind)), items->at});
  }
}

// kind: List and the lists the API serves (PodList) are taken apart.
void flatten(Parsed& parsed) {
  std::vector<Tree> flat;
  for (Tree& doc : parsed.documents) {
    if (doc.is_null()) continue;
    std::string_view kind = doc.string_at("kind");
    const Tree* items = doc.find("items");
    const bool ours = kind == "List" || kind == "PodList";
    if (!ours && !(kind.ends_with("List") && items != nullptr && items->is_list())) {
      flat.push_back(std::move(doc));
      continue;
    }
    check_list(doc, parsed.faults);
    for (TreeEntry& e : doc.entries) {
      if (e.key != "items") continue;
      for (Tree& item : e.value.items) flat.push_back(std::move(item));
    }
  }
  parsed.documents = std::move(flat);
}

}  // namespace

namespace reader {

std::string child(const std::string& path, std::string_view key) {
  if (!plain_key(key)) return path + "[" + std::string(key) + "]";
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string child(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

void report_duplicates(const Tree& tree, const std::string& path, Faults& out) {
  std::unordered_set<std::string_view> seen;
  for (const TreeEntry& e : tree.entries) {
    bool twice =
        tree.entries.size() < 16 ? tree.find(e.key) != &e.value : !seen.insert(e.key).second;
    std::string here;
    if (twice || e.value.is_map() || e.value.is_list()) here = child(path, e.key);
    if (twice) {
      out.push_back({here, "FieldValueDuplicate", "key \"" + e.key + "\" is set twice", e.at});
    }
    report_duplicates(e.value, here, out);
  }
  for (std::size_t i = 0; i < tree.items.size(); ++i) {
    if (tree.items[i].is_map() || tree.items[i].is_list()) {
      report_duplicates(tree.items[i], child(path, i), out);
    }
  }
}

}  // namespace reader

const Tree* Tree::find(std::string_view key) const {
  for (const TreeEntry& e : entries) {
    if (e.key == key) return &e.value;
  }
  return nullptr;
}

std::string_view Tree::string_at(std::string_view key) const {
  const Tree* value = find(key);
  return value && value->is_string() ? std::string_view(value->text) : std::string_view();
}

std::string_view kind_name(Tree::Kind kind) {
  constexpr std::string_view kNames[] = {"null",   "bool", "number", "number",
                                         "string", "list", "map"};
  return kNames[static_cast<std::size_t>(kind)];
}

Parsed parse_documents(std::string_view text, const Limits& limits) {
  Parsed out;
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  if (text.size() > limits.bytes) {
    std::string limit = std::to_string(limits.bytes);
    out.faults.push_back(reader::syntax({1, 1}, "too large: more than " + limit + " bytes"));
    return out;
  }
  std::size_t bad = 0;
  if (!readable(text, bad)) {
    out.faults.push_back(
        reader::syntax(position_of(text, bad), "not UTF-8 text, or a control character"));
    return out;
  }
  auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    Parsed json = parse_json(text, limits);
    if (!json.documents.empty()) {
      flatten(json);
      return json;
    }
  }
  Documents(text, limits, out).read();
  for (const Tree& doc : out.documents) reader::report_duplicates(doc, "", out.faults);
  flatten(out);
  return out;
}

namespace {

struct Place {
  const Tree* tree = nullptr;  // none where the field is absent
  Position at;                 // its key's, or its nearest ancestor's
};

Place walk(const Tree& document, std::string_view path) {
  const Tree* tree = &document;
  Position at = document.at;
  while (!path.empty() && tree) {
    if (path[0] == '.') path.remove_prefix(1);
    bool bracket = !path.empty() && path[0] == '[';
    std::size_t end = bracket ? path.find(']') : path.find_first_of(".[");
    std::string_view step = bracket ? path.substr(1, end - 1) : path.substr(0, end);
    path = end == std::string_view::npos ? "" : path.substr(bracket ? end + 1 : end);
    if (bracket && tree->is_list()) {
      std::size_t index = 0;
      for (char c : step) {
        if (c < '0' || c > '9' || index > tree->items.size()) return {nullptr, at};
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      if (index >= tree->items.size()) return {nullptr, at};
      tree = &tree->items[index];
      at = tree->at;
      continue;
    }
    auto found = std::find_if(tree->entries.begin(), tree->entries.end(),
                              [&](const TreeEntry& e) { return e.key == step; });
    if (found == tree->entries.end()) return {nullptr, at};
    at = found->at;
    tree = &found->value;
  }
  return {tree, at};
}

}  // namespace

const Tree* find_field(const Tree& document, std::string_view path) {
  return walk(document, path).tree;
}

Position locate(const Tree& document, std::string_view path) {
  const auto [tree, at] = walk(document, path);
  // A scalar is pointed at itself, a block by its key.
  if (tree && !tree->is_map() && !tree->is_list() && !tree->is_null() && tree->at.line)
    return tree->at;
  return at;
}

namespace {

constexpr std::size_t kLongestLine = 200;  // shown whole
constexpr std::size_t kAround = 60;        // bytes of a longer one on each side of the place

// The lines of a text by number; quick when asked in their order.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  // Without its end; nothing beyond the last one.
  std::optional<std::string_view> line(std::uint32_t number) {
    if (number < number_) number_ = 1, start_ = 0;
    for (; number_ < number; ++number_) {
      const std::size_t end = text_.find('\n', start_);
      if (end == std::string_view::npos) return std::nullopt;
      start_ = end + 1;
    }
    std::string_view line = text_.substr(start_, text_.find('\n', start_) - start_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

 private:
  std::string_view text_;
  std::size_t start_ = 0;
  std::uint32_t number_ = 1;
};

// Not far back: the text may be no UTF-8.
std::size_t character_start(std::string_view line, std::size_t at) {
  for (int back = 0; back < 3 && at > 0 && at < line.size(); ++back, --at) {
    if ((static_cast<unsigned char>(line[at]) & 0xc0) != 0x80) break;
  }
  return at;
}

// The line, or of a long one what is around byte `at`, and a caret below that.
std::string excerpt(std::string_view line, std::size_t at) {
  std::string before, after;
  if (line.size() > kLongestLine) {
    const std::size_t end = character_start(line, std::min(line.size(), at + kAround));
    const std::size_t start = character_start(line, at - std::min(at, kAround));
    if (end < line.size()) after = "…";
    if (start > 0) before = "…";
    line = line.substr(start, end - start);
    at -= start;
  }
  std::string out = "  " + before + one_cell_a_character(line) + after + "\n  ";
  if (!before.empty()) out += ' ';
  for (std::size_t i = 0; i < at; ++i) {
    // A tab stays a tab; a byte inside a character takes no cell.
    if (line[i] == '\t') {
      out += '\t';
    } else if (const std::size_t length = utf8::character(line, i); length > 0) {
      out += ' ';
      i += length - 1;
    } else {
      out += ' ';
    }
  }
  return out + "^\n";
}

std::string rendered(const Fault& fault, std::string_view file, Lines& source) {
  std::string out(file);
  if (fault.at.line != 0) {
    out += ":" + std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column);
  }
  out += ": ";
  if (!fault.field.empty()) out += utf8::printable(fault.field) + ": ";
  out += utf8::printable(fault.text) + "\n";
  if (fault.at.line == 0 || fault.hidden) return out;
  const auto line = source.line(fault.at.line);
  // In flow style one line may hold several objects, and one of them what is to be kept secret.
  const auto holds = [&line](std::string_view word) {
    return line->find(word) != std::string_view::npos;
  };
  if (line && holds("{") && holds("Secret")) return out;
  if (line && fault.at.column <= line->size() + 1) out += excerpt(*line, fault.at.column - 1);
  return out;
}

}  // namespace

std::string render(const Fault& fault, std::string_view file, std::string_view source) {
  Lines lines(source);
  return rendered(fault, file, lines);
}

std::string render(const Faults& faults, std::string_view file, std::string_view source) {
  Lines lines(source);
  std::string out;
  const std::size_t shown = std::min(faults.size(), kMostFaults);
  for (std::size_t i = 0; i < shown; ++i) out += rendered(faults[i], file, lines);
  if (const std::size_t more = faults.size() - shown; more > 0)
    out += std::string(file) + ": and " + std::to_string(more) + " more\n";
  return out;
}

}  // namespace podctl::api
