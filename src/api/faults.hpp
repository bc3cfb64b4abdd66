// Makes faults in Kubernetes' wording (apimachinery's field.Error).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/path.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

// "unknown field \"x\"", and which of `names` was meant if one is near.
std::string unknown_field(std::string_view key, const std::vector<std::string_view>& names);

class FaultList {
 public:
  explicit FaultList(Faults& out) : out_(out) {}

  void required(const Path& at, std::string_view detail = "");
  void forbidden(const Path& at, std::string_view detail);
  void invalid(const Path& at, std::string_view value, std::string_view detail);
  void invalid(const Path& at, std::int64_t value, std::string_view detail);
  void invalid_bool(const Path& at, bool value, std::string_view detail);
  void unsupported(const Path& at, std::string_view value, std::span<const std::string_view> known);
  void duplicate(const Path& at, std::string_view value);
  void not_found(const Path& at, std::string_view value, std::string_view detail = "");
  void too_long(const Path& at, std::size_t bytes);
  void too_many(const Path& at, std::size_t have, std::size_t most);

  // `why` as a check function returns it: empty is no fault.
  void check(const Path& at, std::string_view value, std::string_view why) {
    if (!why.empty()) invalid(at, value, why);
  }
  // "must be between LOW and HIGH, inclusive".
  void range(const Path& at, std::int64_t value, std::int64_t low, std::int64_t high);
  void not_negative(const Path& at, std::int64_t value);

 private:
  void add(const Path& at, std::string_view code, std::string text);
  Faults& out_;
};

}  // namespace podctl::api
