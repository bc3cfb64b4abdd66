// Quantity: Kubernetes' fixed-point numbers with suffixes ("250m", "64Mi", "1.5G", "1e3").
//
// Used by resources and volumes. Absent until set: has_value() is false. The value is exact to 1n;
// what is finer is rounded up, and what exceeds 2^63-1 units is cut to that, as Kubernetes does.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::api {

class Quantity {
 public:
  // How the canonical text is written: with decimal suffixes, binary suffixes, or an exponent.
  enum class Format : std::uint8_t { kDecimal, kBinary, kExponent };

  Quantity() = default;
  // A whole number of units.
  static Quantity of(std::int64_t value, Format format = Format::kDecimal);
  static Quantity of_milli(std::int64_t milli);
  // kInvalidArgument with Kubernetes' wording for what is no quantity.
  static Result<Quantity> parse(std::string_view text);

  bool has_value() const { return set_; }
  explicit operator bool() const { return set_; }
  void reset() { *this = Quantity(); }
  Format format() const { return format_; }

  // Whole units and thousandths, rounded up (away from zero), clamped to 64 bits.
  std::int64_t value() const;
  std::int64_t milli_value() const;
  bool is_zero() const { return nano_ == 0; }
  int sign() const { return nano_ < 0 ? -1 : nano_ > 0 ? 1 : 0; }

  // Adds; takes the other's format when this is zero, as Kubernetes does. Clamps at the limits.
  void add(const Quantity& other);
  void sub(const Quantity& other);

  // To whole thousandths, as the API keeps resources.
  void round_up_milli();

  // The canonical text: no fraction, the largest suffix that keeps it exact. Empty when absent.
  std::string str() const;

  // By value only: 1000m equals 1. Absent counts as zero.
  friend std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) {
    return a.nano_ < b.nano_   ? std::strong_ordering::less
           : a.nano_ > b.nano_ ? std::strong_ordering::greater
                               : std::strong_ordering::equal;
  }
  friend bool operator==(const Quantity& a, const Quantity& b) { return a.nano_ == b.nano_; }

 private:
  __extension__ using Int128 = __int128;
  Int128 nano_ = 0;
  Format format_ = Format::kDecimal;
  bool set_ = false;
};

}  // namespace podctl::api
