// Parse once into nodes, then walk. The grammar and its quirks are client-go's util/jsonpath.
#include "podctl/api/jsonpath.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

using Value = boost::json::value;
using Values = std::vector<const Value*>;

constexpr int kMaxDepth = 100;

struct Node;
using Nodes = std::vector<Node>;

struct Operand {
  bool path = false;  // else a constant
  Value constant;
  Nodes nodes;
};

struct Node {
  enum class Kind : std::uint8_t {
    kText,
    kField,
    kWildcard,
    kRecursive,
    kSlice,
    kUnion,
    kFilter,
    kList,
    kRange,
    kEnd,
  };
  Kind kind = Kind::kText;
  std::string text;                            // kText, kField
  std::optional<std::int64_t> from, to, step;  // kSlice
  bool single = false;                         // kSlice: an index
  std::vector<Nodes> alternatives;             // kUnion
  std::string op;                              // kFilter; empty: exists
  std::vector<Operand> operands;               // kFilter
  Nodes nodes;                                 // kList, kRange
};

Failure bad(std::string_view text, std::string why) {
  return fail(Code::kInvalidArgument, "parse jsonpath", std::string(text), std::move(why));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Nodes> parse() {
    Nodes out;
    while (!end()) {
      if (text_[at_] != '{') {
        Node node;
        std::size_t close = std::min(text_.find('{', at_), text_.size());
        node.text = text_.substr(at_, close - at_);
        at_ = close;
        out.push_back(std::move(node));
        continue;
      }
      ++at_;
      out.push_back(TRY(action()));
    }
    return out;
  }

 private:
  bool end() const { return at_ >= text_.size(); }
  char peek() const { return end() ? '\0' : text_[at_]; }
  bool take(std::string_view s) {
    if (text_.substr(at_, s.size()) != s) return false;
    at_ += s.size();
    return true;
  }
  void skip() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n') ++at_;
  }
  static bool name_end(char c) {
    return std::string_view(".[]{}() ,|=!<>\t\n'\"").find(c) != std::string_view::npos || c == '\0';
  }

  // Between '{' and '}': a path, quoted text, "range PATH" or "end".
  Result<Node> action() {
    Node node;
    node.kind = Node::Kind::kList;
    skip();
    if (take("range ") || take("range\t")) {
      node.kind = Node::Kind::kRange;
    } else if (take("end")) {
      node.kind = Node::Kind::kEnd;
    }
    for (;;) {
      skip();
      if (end()) return bad(text_, "unclosed action");
      if (take("}")) return node;
      if (node.kind == Node::Kind::kEnd) return bad(text_, "unexpected text after end");
      TRY(item(node.nodes, 0));
    }
  }

  // One step of a path, or quoted text.
  Result<void> item(Nodes& out, int depth) {
    if (depth > kMaxDepth) return bad(text_, "nested too deeply");
    char c = peek();
    if (c == '"' || c == '\'') {
      Node node;
      node.text = TRY(quoted());
      out.push_back(std::move(node));
      return {};
    }
    if (c == '$' || c == '@') return ++at_, Result<void>();
    if (take("..")) {
      out.push_back(make(Node::Kind::kRecursive));
      return peek() == '[' ? bracket(out, depth) : field(out);
    }
    if (take(".")) return peek() == '[' ? bracket(out, depth) : field(out);
    if (c == '[') return bracket(out, depth);
    if (!name_end(c)) return field(out);
    return bad(text_, std::string("unrecognized character in action: '") + c + "'");
  }

  static Node make(Node::Kind kind) {
    Node node;
    node.kind = kind;
    return node;
  }

  // A name; "\." is a dot in it. "{.}" is the object itself.
  Result<void> field(Nodes& out) {
    std::string name;
    while (!name_end(peek())) {
      if (peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (name.empty()) return {};
    Node node = make(name == "*" ? Node::Kind::kWildcard : Node::Kind::kField);
    node.text = std::move(name);
    out.push_back(std::move(node));
    return {};
  }

  Result<std::string> quoted() {
    char quote = text_[at_++];
    std::string out;
    for (;;) {
      if (end()) return bad(text_, "unterminated quoted string");
      char c = text_[at_++];
      if (c == quote) return out;
      if (c != '\\' || end()) {
        out += c;
        continue;
      }
      char e = text_[at_++];
      out += e == 'n' ? '\n' : e == 't' ? '\t' : e == 'r' ? '\r' : e;
    }
  }

  Result<void> bracket(Nodes& out, int depth) {
    ++at_;
    skip();
    if (take("?(")) return filter(out, depth);
    Node all = make(Node::Kind::kUnion);
    for (;;) {
      all.alternatives.emplace_back();
      TRY(choice(all.alternatives.back()));
      skip();
      if (take("]")) break;
      if (!take(",")) return bad(text_, "unterminated array");
    }
    if (all.alternatives.size() == 1) {
      for (Node& node : all.alternatives[0]) out.push_back(std::move(node));
    } else {
      out.push_back(std::move(all));
    }
    return {};
  }

  // Inside brackets: 'key', *, an index or a slice.
  Result<void> choice(Nodes& out) {
    skip();
    if (peek() == '\'' || peek() == '"') {
      Node node = make(Node::Kind::kField);
      node.text = TRY(quoted());
      out.push_back(std::move(node));
      return {};
    }
    if (take("*")) {
      out.push_back(make(Node::Kind::kWildcard));
      return {};
    }
    Node node = make(Node::Kind::kSlice);
    node.from = TRY(number());
    node.single = peek() != ':';
    if (node.single && !node.from) return bad(text_, "invalid array index");
    if (take(":")) node.to = TRY(number());
    if (take(":")) node.step = TRY(number());
    if (node.step && *node.step <= 0) return bad(text_, "step must be > 0");
    out.push_back(std::move(node));
    return {};
  }

  Result<std::optional<std::int64_t>> number() {
    skip();
    std::size_t from = at_;
    if (peek() == '-') ++at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    std::string_view digits = text_.substr(from, at_ - from);
    skip();
    if (digits.empty()) return std::optional<std::int64_t>();
    auto value = text::parse_i64(digits);
    if (!value) return bad(text_, "invalid array index " + std::string(digits));
    return std::optional<std::int64_t>(*value);
  }

  Result<void> filter(Nodes& out, int depth) {
    Node node = make(Node::Kind::kFilter);
    node.operands.push_back(TRY(operand(depth)));
    skip();
    for (std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (take(op)) {
        node.op = op;
        break;
      }
    }
    if (!node.op.empty()) node.operands.push_back(TRY(operand(depth)));
    skip();
    if (!take(")")) return bad(text_, "unterminated filter");
    skip();
    if (!take("]")) return bad(text_, "unterminated filter");
    out.push_back(std::move(node));
    return {};
  }

  Result<Operand> operand(int depth) {
    Operand out;
    skip();
    if (peek() == '"' || peek() == '\'') {
      out.constant = Value(TRY(quoted()));
      return out;
    }
    if (peek() == '@' || peek() == '.') {
      out.path = true;
      while (!end() && std::string_view("=!<>) \t").find(peek()) == std::string_view::npos) {
        TRY(item(out.nodes, depth + 1));
      }
      return out;
    }
    std::size_t from = at_;
    while (!name_end(peek()) || peek() == '.') ++at_;
    std::string word(text_.substr(from, at_ - from));
    boost::system::error_code error;
    out.constant = boost::json::parse(word, error);
    if (error || word.empty()) return bad(text_, "unrecognized filter operand '" + word + "'");
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Failure not_found(std::string why) {
  return fail(Code::kNotFound, "evaluate jsonpath", "", std::move(why));
}

std::string show(const Value& value) {
  if (auto* s = value.if_string()) return std::string(s->data(), s->size());
  if (value.is_null()) return "";
  return boost::json::serialize(value);
}

// The type as client-go's jsonpath names it.
std::string go_type(const Value& value) {
  if (value.is_object()) return "map[string]interface {}";
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  return value.is_double() ? "float64" : "int64";
}

void descend(const Value& value, Values& out) {
  auto visit = [&](const Value& v) {
    if (v.is_object() || v.is_array()) descend(v, out);
  };
  out.push_back(&value);
  if (auto* map = value.if_object()) {
    for (const auto& e : *map) visit(e.value());
  } else if (auto* list = value.if_array()) {
    for (const Value& v : *list) visit(v);
  }
}

class Evaluator {
 public:
  explicit Evaluator(bool allow_missing) : allow_missing_(allow_missing) {}

  Result<Values> path(const Nodes& nodes, Values current) {
    for (const Node& node : nodes) {
      Values next;
      for (const Value* v : current) TRY(step(node, *v, next));
      current = std::move(next);
      after_recursive_ = node.kind == Node::Kind::kRecursive;
    }
    after_recursive_ = false;
    return current;
  }

 private:
  Result<void> step(const Node& node, const Value& v, Values& out) {
    switch (node.kind) {
      case Node::Kind::kField:
        return field(node, v, out);
      case Node::Kind::kWildcard:
        return wildcard(v, out), Result<void>();
      case Node::Kind::kRecursive:
        return descend(v, out), Result<void>();
      case Node::Kind::kSlice:
        return slice(node, v, out);
      case Node::Kind::kUnion:
        for (const Nodes& alternative : node.alternatives) {
          for (const Value* found : TRY(path(alternative, {&v}))) out.push_back(found);
        }
        return {};
      case Node::Kind::kFilter:
        return filter(node, v, out);
      default:
        out.push_back(&v);
        return {};
    }
  }

  Result<void> field(const Node& node, const Value& v, Values& out) {
    if (auto* map = v.if_object()) {
      auto it = map->find(node.text);
      if (it != map->end()) return out.push_back(&it->value()), Result<void>();
    }
    if (allow_missing_ || after_recursive_) return {};
    return not_found(node.text + " is not found");
  }

  static void wildcard(const Value& v, Values& out) {
    if (auto* list = v.if_array()) {
      for (const Value& item : *list) out.push_back(&item);
    } else if (auto* map = v.if_object()) {
      for (const auto& e : *map) out.push_back(&e.value());
    }
  }

  // A list that is too short is no absent key: kubectl's get refuses it too.
  Result<void> out_of_bounds(std::int64_t index, std::int64_t length) const {
    if (after_recursive_) return {};
    return not_found("array index out of bounds: index " + std::to_string(index) + ", length " +
                     std::to_string(length));
  }

  Result<void> slice(const Node& node, const Value& v, Values& out) {
    auto* list = v.if_array();
    if (!list) {
      if (v.is_null() || after_recursive_) return {};
      return not_found(go_type(v) + " is not array or slice");
    }
    auto size = static_cast<std::int64_t>(list->size());
    auto clamp = [&](std::int64_t i) { return i < 0 ? std::max<std::int64_t>(i + size, 0) : i; };
    if (node.single) {
      std::int64_t i = *node.from < 0 ? *node.from + size : *node.from;
      if (i >= 0 && i < size)
        return out.push_back(&(*list)[static_cast<std::size_t>(i)]), Result<void>();
      return out_of_bounds(*node.from, size);
    }
    if (node.from.value_or(0) >= size && clamp(node.to.value_or(size)) != node.from.value_or(0))
      return out_of_bounds(*node.from, size);
    if (node.to.value_or(0) > size) return out_of_bounds(*node.to - 1, size);
    std::int64_t to = std::min(clamp(node.to.value_or(size)), size);
    std::int64_t step = node.step.value_or(1);
    for (std::int64_t i = clamp(node.from.value_or(0)); i < to; i += step) {
      out.push_back(&(*list)[static_cast<std::size_t>(i)]);
      if (step > to - i) break;
    }
    return {};
  }

  Result<void> filter(const Node& node, const Value& v, Values& out) {
    auto* list = v.if_array();
    if (!list) return {};
    bool allow = std::exchange(allow_missing_, true);
    for (const Value& item : *list) {
      if (TRY(holds(node, item))) out.push_back(&item);
    }
    allow_missing_ = allow;
    return {};
  }

  Result<bool> holds(const Node& node, const Value& item) {
    const Value* left = TRY(operand(node.operands[0], item));
    if (node.op.empty()) return left != nullptr;
    const Value* right = TRY(operand(node.operands[1], item));
    if (!left || !right) return false;
    int order = 0;
    if (left->is_number() && right->is_number()) {
      double a = left->to_number<double>(), b = right->to_number<double>();
      order = a < b ? -1 : a > b ? 1 : 0;
    } else {
      order = show(*left).compare(show(*right));
    }
    if (node.op == "==") return order == 0;
    if (node.op == "!=") return order != 0;
    if (node.op == "<") return order < 0;
    if (node.op == ">") return order > 0;
    return node.op == "<=" ? order <= 0 : order >= 0;
  }

  Result<const Value*> operand(const Operand& o, const Value& item) {
    if (!o.path) return &o.constant;
    Values found = TRY(path(o.nodes, {&item}));
    return found.empty() ? nullptr : found[0];
  }

  bool allow_missing_;
  bool after_recursive_ = false;
};

bool is_text(const Node& action) {
  return action.kind == Node::Kind::kList && action.nodes.size() == 1 &&
         action.nodes[0].kind == Node::Kind::kText;
}

class Printer {
 public:
  explicit Printer(bool allow_missing) : evaluator_(allow_missing) {}

  // From `at` to the end, or to the {end} of this range; answers with the node after it.
  Result<std::size_t> run(const Nodes& nodes, std::size_t at, const Value& root, bool in_range) {
    while (at < nodes.size()) {
      const Node& node = nodes[at++];
      if (node.kind == Node::Kind::kEnd) {
        if (in_range) return at;
        return bad("", "not in range, nothing to end");
      }
      if (node.kind == Node::Kind::kRange) {
        at = TRY(range(nodes, at, node, root));
      } else {
        TRY(print(node, root));
      }
    }
    return at;
  }

  std::string take() && { return std::move(out_); }

 private:
  Result<void> print(const Node& node, const Value& root) {
    if (node.kind == Node::Kind::kText || is_text(node)) {
      out_ += node.kind == Node::Kind::kText ? node.text : node.nodes[0].text;
      return {};
    }
    Values found = TRY(evaluator_.path(node.nodes, {&root}));
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i > 0) out_ += ' ';
      out_ += show(*found[i]);
    }
    return {};
  }

  Result<std::size_t> range(const Nodes& nodes, std::size_t at, const Node& node,
                            const Value& root) {
    Values found = TRY(evaluator_.path(node.nodes, {&root}));
    for (const Value* v : found) TRY(run(nodes, at, *v, true));
    return after_end(nodes, at);
  }

  // Behind the {end} of a range; without one kubectl goes through what follows once more, outside.
  static std::size_t after_end(const Nodes& nodes, std::size_t begin) {
    int open = 1;
    for (std::size_t at = begin; at < nodes.size(); ++at) {
      if (nodes[at].kind == Node::Kind::kRange) ++open;
      if (nodes[at].kind == Node::Kind::kEnd && --open == 0) return at + 1;
    }
    return begin;
  }

  Evaluator evaluator_;
  std::string out_;
};

}  // namespace

struct JsonPath::Program {
  Nodes nodes;
};

JsonPath::JsonPath(std::unique_ptr<Program> program) : program_(std::move(program)) {}
JsonPath::JsonPath(JsonPath&&) noexcept = default;
JsonPath& JsonPath::operator=(JsonPath&&) noexcept = default;
JsonPath::~JsonPath() = default;

Result<JsonPath> JsonPath::parse(std::string_view text) {
  auto program = std::make_unique<Program>();
  program->nodes = TRY(Parser(text).parse());
  return JsonPath(std::move(program));
}

Result<std::string> JsonPath::print(const Value& root, bool allow_missing) const {
  Printer printer(allow_missing);
  TRY(printer.run(program_->nodes, 0, root, false));
  return std::move(printer).take();
}

Result<Values> JsonPath::find(const Value& root, bool allow_missing) const {
  for (const Node& node : program_->nodes) {
    if (node.kind == Node::Kind::kList && !is_text(node)) {
      return Evaluator(allow_missing).path(node.nodes, {&root});
    }
  }
  return Values();
}

}  // namespace podctl::api
