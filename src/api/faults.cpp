#include "api/faults.hpp"

#include <algorithm>
#include <vector>

#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

std::string quoted(std::string_view s) {
  std::string out;
  append_json_string(out, s);
  return out;
}

std::string with(std::string text, std::string_view detail) {
  return detail.empty() ? text : text + ": " + std::string(detail);
}

}  // namespace

std::string unknown_field(std::string_view key, const std::vector<std::string_view>& names) {
  std::string text = "unknown field \"" + std::string(key) + "\"";
  if (auto near = text::nearest(key, names))
    text += ", did you mean \"" + std::string(*near) + "\"?";
  return text;
}

void FaultList::add(const Path& at, std::string_view code, std::string text) {
  out_.push_back({at.str(), std::string(code), std::move(text), {}});
}

void FaultList::required(const Path& at, std::string_view detail) {
  add(at, "FieldValueRequired", with("Required value", detail));
}
void FaultList::forbidden(const Path& at, std::string_view detail) {
  add(at, "FieldValueForbidden", with("Forbidden", detail));
}
void FaultList::invalid(const Path& at, std::string_view value, std::string_view detail) {
  add(at, "FieldValueInvalid", with("Invalid value: " + quoted(value), detail));
}
void FaultList::invalid(const Path& at, std::int64_t value, std::string_view detail) {
  add(at, "FieldValueInvalid", with("Invalid value: " + std::to_string(value), detail));
}
void FaultList::invalid_bool(const Path& at, bool value, std::string_view detail) {
  add(at, "FieldValueInvalid",
      with(std::string("Invalid value: ") + (value ? "true" : "false"), detail));
}

void FaultList::unsupported(const Path& at, std::string_view value,
                            std::span<const std::string_view> known) {
  std::vector<std::string_view> sorted(known.begin(), known.end());
  std::sort(sorted.begin(), sorted.end());
  std::string text = "Unsupported value: " + quoted(value) + ": supported values: ";
  for (std::size_t i = 0; i < sorted.size(); ++i) text += (i ? ", " : "") + quoted(sorted[i]);
  add(at, "FieldValueNotSupported", std::move(text));
}

void FaultList::duplicate(const Path& at, std::string_view value) {
  add(at, "FieldValueDuplicate", "Duplicate value: " + quoted(value));
}
void FaultList::not_found(const Path& at, std::string_view value, std::string_view detail) {
  add(at, "FieldValueNotFound", with("Not found: " + quoted(value), detail));
}
void FaultList::too_long(const Path& at, std::size_t bytes) {
  add(at, "FieldValueTooLong",
      "Too long: may not be more than " + std::to_string(bytes) + " bytes");
}
void FaultList::too_many(const Path& at, std::size_t have, std::size_t most) {
  add(at, "FieldValueTooMany",
      "Too many: " + std::to_string(have) + ": must have at most " + std::to_string(most) +
          " items");
}

void FaultList::range(const Path& at, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  invalid(
      at, value,
      "must be between " + std::to_string(low) + " and " + std::to_string(high) + ", inclusive");
}
void FaultList::not_negative(const Path& at, std::int64_t value) {
  if (value < 0) invalid(at, value, "must be greater than or equal to 0");
}

}  // namespace podctl::api
