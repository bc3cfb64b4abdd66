#include "podctl/cli/view.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace podctl::cli {

View View::operator[](std::string_view key) const {
  if (value_ == nullptr || !value_->is_object()) return {};
  return {value_->get_object().if_contains(key)};
}

std::string_view View::str(std::string_view fallback) const {
  if (value_ == nullptr || !value_->is_string()) return fallback;
  const auto& s = value_->get_string();
  return {s.data(), s.size()};
}

std::int64_t View::num(std::int64_t fallback) const {
  if (value_ == nullptr) return fallback;
  if (value_->is_int64()) return value_->get_int64();
  if (value_->is_uint64()) return static_cast<std::int64_t>(value_->get_uint64());
  if (value_->is_double()) return static_cast<std::int64_t>(value_->get_double());
  return fallback;
}

bool View::flag(bool fallback) const {
  return value_ != nullptr && value_->is_bool() ? value_->get_bool() : fallback;
}

std::string View::scalar() const {
  if (value_ == nullptr || value_->is_null() || value_->is_structured()) return {};
  if (value_->is_string()) return std::string(str());
  if (value_->is_bool()) return value_->get_bool() ? "true" : "false";
  return boost::json::serialize(*value_);
}

// A null reference is a function-local object, made on first use only: no static initialiser.
const boost::json::array& View::items() const {
  if (value_ != nullptr && value_->is_array()) return value_->get_array();
  static const boost::json::array none;
  return none;
}

const boost::json::object& View::fields() const {
  if (value_ != nullptr && value_->is_object()) return value_->get_object();
  static const boost::json::object none;
  return none;
}

}  // namespace podctl::cli
