// kubectl's JSONPath templates: "{.items[*].metadata.name}", "{range .items[*]}{.a}{"\n"}{end}".
//
// Used by -o jsonpath=, wait --for=jsonpath= and custom columns. Supports fields, ['keys'],
// indices, slices, unions, wildcards, recursive descent (..), filters [?(@.x=="y")], range/end and
// quoted text.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::api {

class JsonPath {
 public:
  // kInvalidArgument with kubectl's wording.
  static Result<JsonPath> parse(std::string_view text);
  JsonPath(JsonPath&&) noexcept;
  JsonPath& operator=(JsonPath&&) noexcept;
  ~JsonPath();

  // The template's output. With `allow_missing` (kubectl get's way) an absent key prints nothing;
  // else kNotFound.
  Result<std::string> print(const boost::json::value& root, bool allow_missing = true) const;
  // The values of the first expression: what wait compares.
  Result<std::vector<const boost::json::value*>> find(const boost::json::value& root,
                                                      bool allow_missing = true) const;

 private:
  struct Program;
  explicit JsonPath(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace podctl::api
