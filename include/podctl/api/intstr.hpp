// IntOrString: a port by number or by name.
//
// Used by probes and hooks. Absent until set: has_value() is false.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace podctl::api {

class IntOrString {
 public:
  IntOrString() = default;
  explicit IntOrString(std::int32_t number) : kind_(Kind::kInt), number_(number) {}
  explicit IntOrString(std::string text) : kind_(Kind::kString), text_(std::move(text)) {}

  bool has_value() const { return kind_ != Kind::kNone; }
  bool is_int() const { return kind_ == Kind::kInt; }
  bool is_string() const { return kind_ == Kind::kString; }
  std::int32_t number() const { return number_; }
  const std::string& text() const { return text_; }
  // "8080" or "http"; empty when absent.
  std::string str() const { return is_int() ? std::to_string(number_) : text_; }

  bool operator==(const IntOrString&) const = default;

 private:
  enum class Kind : std::uint8_t { kNone, kInt, kString };
  Kind kind_ = Kind::kNone;
  std::int32_t number_ = 0;
  std::string text_;
};

}  // namespace podctl::api
