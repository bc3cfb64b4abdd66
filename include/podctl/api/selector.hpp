// Label and field selectors: "app=web,tier!=db,env in (a,b),!old" and "metadata.name=web".
//
// Used by podctld for list, watch and delete, and by the CLI to check -l before it sends.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::api {

class LabelSelectorExpr {
 public:
  // kInvalidArgument with the place. The empty selector matches everything.
  static Result<LabelSelectorExpr> parse(std::string_view text);
  bool matches(const std::map<std::string, std::string>& labels) const;
  bool empty() const { return terms_.empty(); }

 private:
  enum class Op : std::uint8_t { kIn, kNotIn, kExists, kNotExists, kGreater, kLess };
  struct Term {
    std::string key;
    Op op = Op::kExists;
    std::vector<std::string> values;
  };
  static bool matches(const Term& term, const std::map<std::string, std::string>& labels);
  friend class SelectorParser;
  std::vector<Term> terms_;
};

// Fields by path and value. Which fields exist is the caller's list: for pods metadata.name,
// metadata.namespace, status.phase, spec.nodeName and what else Kubernetes lets one select.
class FieldSelectorExpr {
 public:
  // kInvalidArgument for a malformed term or a field that is not in `known`.
  static Result<FieldSelectorExpr> parse(std::string_view text,
                                         const std::vector<std::string_view>& known);
  bool matches(const std::map<std::string, std::string>& fields) const;
  bool empty() const { return terms_.empty(); }
  // The value that a field must have, or null: for a fast path by name.
  const std::string* required(std::string_view field) const;

 private:
  struct Term {
    std::string field, value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace podctl::api
