#include "podctl/api/quantity.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace podctl::api {
namespace {

__extension__ using Int128 = __int128;

constexpr Int128 kNano = 1'000'000'000;
// Kubernetes caps a quantity at 2^63-1 units.
constexpr Int128 kMax = Int128(std::numeric_limits<std::int64_t>::max()) * kNano;

struct Suffix {
  std::string_view text;
  int power;  // of ten, or of two for the binary ones
};
constexpr Suffix kDecimal[] = {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0},   {"k", 3},
                               {"M", 6},  {"G", 9},  {"T", 12}, {"P", 15}, {"E", 18}};
constexpr Suffix kBinary[] = {{"Ki", 10}, {"Mi", 20}, {"Gi", 30},
                              {"Ti", 40}, {"Pi", 50}, {"Ei", 60}};

constexpr std::string_view kPattern =
    "quantities must match the regular expression "
    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

bool digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number on its way to nano-units; remembers whether a digit was cut off.
struct Decimal {
  Int128 mantissa = 0;
  int exponent = 0;  // of ten
  bool cut = false;

  void shrink() {
    cut = cut || mantissa % 10 != 0;
    mantissa /= 10;
    ++exponent;
  }
  void make_room() {
    while (mantissa > (Int128(1) << 120)) shrink();
  }
  Int128 nano() {
    exponent += 9;
    while (exponent > 0 && mantissa != 0 && mantissa < kMax) {
      mantissa *= 10;
      --exponent;
    }
    while (exponent < 0 && mantissa != 0) shrink();
    if (cut) ++mantissa;
    return std::min(mantissa, kMax);
  }
};

// The digits before the suffix; false when there is none, or a second dot.
bool read_digits(std::string_view text, std::size_t& at, Decimal& out) {
  bool any = false;
  bool dot = false;
  for (; at < text.size() && (digit(text[at]) || text[at] == '.'); ++at) {
    if (text[at] == '.') {
      if (dot) return false;
      dot = true;
      continue;
    }
    any = true;
    out.make_room();
    out.mantissa = out.mantissa * 10 + (text[at] - '0');
    if (dot) --out.exponent;
  }
  return any;
}

// "e3", "E-6": the exponent; false when it is none.
bool read_exponent(std::string_view suffix, int& out) {
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  suffix.remove_prefix(1);
  bool negative = suffix[0] == '-';
  if (suffix[0] == '-' || suffix[0] == '+') suffix.remove_prefix(1);
  if (suffix.empty() || suffix.size() > 4) return false;
  int value = 0;
  for (char c : suffix) {
    if (!digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  out = negative ? -value : value;
  return true;
}

bool read_suffix(std::string_view suffix, Decimal& number, Quantity::Format& format) {
  for (const Suffix& s : kDecimal) {
    if (s.text == suffix) {
      number.exponent += s.power;
      format = Quantity::Format::kDecimal;
      return true;
    }
  }
  for (const Suffix& s : kBinary) {
    if (s.text == suffix) {
      for (int i = 0; i < s.power; ++i) {
        number.make_room();
        number.mantissa *= 2;
      }
      format = Quantity::Format::kBinary;
      return true;
    }
  }
  int exponent = 0;
  if (!read_exponent(suffix, exponent)) return false;
  number.exponent += exponent;
  format = Quantity::Format::kExponent;
  return true;
}

std::int64_t divide_up(Int128 nano, Int128 by) {
  Int128 q = nano / by;
  if (nano % by != 0) q += nano < 0 ? -1 : 1;
  constexpr Int128 low = std::numeric_limits<std::int64_t>::min();
  constexpr Int128 high = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(q, low, high));
}

std::string text_of(Int128 number) {
  std::string digits;
  for (Int128 rest = number < 0 ? -number : number; rest != 0; rest /= 10)
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  if (number < 0) digits += '-';
  return {digits.rbegin(), digits.rend()};
}

std::string decimal_text(Int128 nano, bool exponent) {
  if (nano == 0) return "0";
  std::size_t step = 0;  // index into kDecimal
  while (nano % 1000 == 0 && step + 1 < std::size(kDecimal)) {
    nano /= 1000;
    ++step;
  }
  std::string digits = text_of(nano);  // of many units and a few nano more than 64 bits hold
  if (!exponent) return digits + std::string(kDecimal[step].text);
  int power = kDecimal[step].power;
  return power == 0 ? digits : digits + "e" + std::to_string(power);
}

}  // namespace

Quantity Quantity::of(std::int64_t value, Format format) {
  Quantity q;
  q.nano_ = Int128(value) * kNano;
  q.format_ = format;
  q.set_ = true;
  return q;
}

Quantity Quantity::of_milli(std::int64_t milli) {
  Quantity q = of(0);
  q.nano_ = Int128(milli) * 1'000'000;
  return q;
}

Result<Quantity> Quantity::parse(std::string_view text) {
  Quantity q;
  std::size_t at = 0;
  bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  Decimal number;
  if (!read_digits(text, at, number) || !read_suffix(text.substr(at), number, q.format_)) {
    return fail(Code::kInvalidArgument, "parse quantity", std::string(text), std::string(kPattern));
  }
  q.nano_ = number.nano();
  if (q.format_ == Format::kBinary && q.nano_ > 0 && q.nano_ < kNano) q.format_ = Format::kDecimal;
  if (negative) q.nano_ = -q.nano_;
  q.set_ = true;
  return q;
}

std::int64_t Quantity::value() const { return divide_up(nano_, kNano); }
std::int64_t Quantity::milli_value() const { return divide_up(nano_, 1'000'000); }

void Quantity::add(const Quantity& other) {
  if (nano_ == 0 && other.set_) format_ = other.format_;
  nano_ = std::clamp(nano_ + other.nano_, -kMax, kMax);
  set_ = set_ || other.set_;
}

void Quantity::sub(const Quantity& other) {
  Quantity negated = other;
  negated.nano_ = -negated.nano_;
  add(negated);
}

void Quantity::round_up_milli() {
  constexpr Int128 kMilli = 1'000'000;
  const Int128 rest = nano_ % kMilli;
  if (rest != 0) nano_ += nano_ < 0 ? -rest - kMilli : kMilli - rest;
}

std::string Quantity::str() const {
  if (!set_) return {};
  Int128 units = nano_ / kNano;
  bool whole = nano_ % kNano == 0;
  // Below 1024 a binary quantity is written as a plain number, as Kubernetes does.
  if (format_ != Format::kBinary || !whole || (units > -1024 && units < 1024)) {
    return decimal_text(nano_, format_ == Format::kExponent);
  }
  std::size_t step = 0;
  while (units % 1024 == 0 && step < std::size(kBinary)) {
    units /= 1024;
    ++step;
  }
  std::string text = std::to_string(static_cast<std::int64_t>(units));
  if (step > 0) text += kBinary[step - 1].text;
  return text;
}

}  // namespace podctl::api
