// Null-safe reading of a JSON object as the server sent it: a missing field reads as empty.
//
// Used by every output function of the CLI. A View borrows; the value it was made from must outlive
// it. Nothing here fails: what is absent or of another type yields the fallback, as kubectl prints
// it.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace podctl::cli {

class View {
 public:
  View() = default;
  View(const boost::json::value& value)
      : value_(&value) {}                                   // NOLINT: a view is made from any value
  View(const boost::json::value* value) : value_(value) {}  // NOLINT

  // The member `key` of an object; absent for anything else.
  View operator[](std::string_view key) const;
  // Present and not null.
  explicit operator bool() const { return value_ != nullptr && !value_->is_null(); }

  std::string_view str(std::string_view fallback = {}) const;
  std::int64_t num(std::int64_t fallback = 0) const;
  bool flag(bool fallback = false) const;
  // A scalar as text (string as is, number, true/false); empty for null, lists and objects.
  std::string scalar() const;

  // Elements of a list, members of an object; empty otherwise.
  const boost::json::array& items() const;
  const boost::json::object& fields() const;
  const boost::json::value* get() const { return value_; }

 private:
  const boost::json::value* value_ = nullptr;
};

}  // namespace podctl::cli
