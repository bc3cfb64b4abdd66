#include "podctl/api/selector.hpp"

#include <algorithm>

#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

Failure bad(std::string_view text, std::string why) {
  return fail(Code::kInvalidArgument, "parse selector", std::string(text), std::move(why));
}

bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool less_number(std::string_view a, std::string_view b) {
  auto x = text::parse_i64(a), y = text::parse_i64(b);
  return x && y && *x < *y;
}

}  // namespace

// Recursive descent over Kubernetes' grammar (apimachinery pkg/labels).
class SelectorParser {
 public:
  using Expr = LabelSelectorExpr;
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<Expr> parse() {
    Expr out;
    skip();
    while (!end()) {
      out.terms_.push_back(TRY(term()));
      skip();
      if (end()) break;
      if (text_[at_] != ',') return bad(text_, "found '" + rest() + "', expected: ',' or the end");
      ++at_;
      skip();
      if (end()) return bad(text_, "a requirement is expected after ','");
    }
    return out;
  }

 private:
  bool end() const { return at_ >= text_.size(); }
  void skip() {
    while (!end() && space(text_[at_])) ++at_;
  }
  std::string rest() const { return std::string(text_.substr(at_)); }

  std::string word() {
    skip();
    std::size_t from = at_;
    while (!end() && !space(text_[at_]) &&
           std::string_view("=!,()<>").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    return std::string(text_.substr(from, at_ - from));
  }
  bool take(std::string_view token) {
    skip();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  Result<std::string> key() {
    std::string name = word();
    if (name.empty()) return bad(text_, "a label's name is expected at '" + rest() + "'");
    if (auto why = check_qualified_name(name); !why.empty())
      return bad(text_, "key \"" + name + "\": " + why);
    return name;
  }

  Result<std::string> value() {
    std::string v = word();
    if (auto why = check_label_value(v); !why.empty())
      return bad(text_, "value \"" + v + "\": " + why);
    return v;
  }

  Result<Expr::Term> term() {
    Expr::Term t;
    if (take("!")) {
      t.op = Expr::Op::kNotExists;
      t.key = TRY(key());
      return t;
    }
    t.key = TRY(key());
    skip();
    if (end() || text_[at_] == ',') return t;
    if (take("!=")) return one(std::move(t), Expr::Op::kNotIn);
    if (take("==") || take("=")) return one(std::move(t), Expr::Op::kIn);
    if (take(">")) return number(std::move(t), Expr::Op::kGreater);
    if (take("<")) return number(std::move(t), Expr::Op::kLess);
    std::string op = word();
    if (op == "in") return set(std::move(t), Expr::Op::kIn);
    if (op == "notin") return set(std::move(t), Expr::Op::kNotIn);
    return bad(text_, "found '" + (op.empty() ? rest() : op) +
                          "', expected: in, notin, =, ==, !=, gt, lt");
  }

  Result<Expr::Term> one(Expr::Term t, Expr::Op op) {
    t.op = op;
    t.values.push_back(TRY(value()));
    return t;
  }

  Result<Expr::Term> number(Expr::Term t, Expr::Op op) {
    t = TRY(one(std::move(t), op));
    if (!text::parse_i64(t.values[0]))
      return bad(text_, "for '>' and '<' the value must be an integer");
    return t;
  }

  Result<Expr::Term> set(Expr::Term t, Expr::Op op) {
    t.op = op;
    if (!take("(")) return bad(text_, "'(' is expected at '" + rest() + "'");
    for (;;) {
      t.values.push_back(TRY(value()));
      if (take(")")) return t;
      if (!take(",")) return bad(text_, "',' or ')' is expected at '" + rest() + "'");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<LabelSelectorExpr> LabelSelectorExpr::parse(std::string_view text) {
  return SelectorParser(text).parse();
}

bool LabelSelectorExpr::matches(const Term& term,
                                const std::map<std::string, std::string>& labels) {
  auto it = labels.find(term.key);
  bool have = it != labels.end();
  auto listed = [&] {
    return have &&
           std::find(term.values.begin(), term.values.end(), it->second) != term.values.end();
  };
  switch (term.op) {
    case Op::kExists:
      return have;
    case Op::kNotExists:
      return !have;
    case Op::kIn:
      return listed();
    case Op::kNotIn:
      return !listed();  // an absent label is not in the set
    case Op::kGreater:
      return have && less_number(term.values[0], it->second);
    case Op::kLess:
      return have && less_number(it->second, term.values[0]);
  }
  return false;
}

bool LabelSelectorExpr::matches(const std::map<std::string, std::string>& labels) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& t) { return matches(t, labels); });
}

Result<FieldSelectorExpr> FieldSelectorExpr::parse(std::string_view text,
                                                   const std::vector<std::string_view>& known) {
  FieldSelectorExpr out;
  if (text::trim(text).empty()) return out;
  for (std::string_view part : text::split(text, ',')) {
    part = text::trim(part);
    if (part.empty()) continue;
    Term t;
    auto eq = part.find('=');
    if (eq == std::string_view::npos || eq == 0) {
      return bad(text, "invalid selector: '" + std::string(part) + "'; can't understand it");
    }
    t.equal = part[eq - 1] != '!';
    t.field = text::trim(part.substr(0, t.equal ? eq : eq - 1));
    std::size_t value = t.equal && part.substr(eq, 2) == "==" ? eq + 2 : eq + 1;
    t.value = text::trim(part.substr(value));
    if (std::find(known.begin(), known.end(), t.field) == known.end()) {
      return bad(text, "field label not supported: " + t.field);
    }
    out.terms_.push_back(std::move(t));
  }
  return out;
}

bool FieldSelectorExpr::matches(const std::map<std::string, std::string>& fields) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& t) {
    auto it = fields.find(t.field);
    bool equal = (it == fields.end() ? std::string() : it->second) == t.value;
    return equal == t.equal;
  });
}

const std::string* FieldSelectorExpr::required(std::string_view field) const {
  for (const Term& t : terms_) {
    if (t.equal && t.field == field) return &t.value;
  }
  return nullptr;
}

}  // namespace podctl::api
