// Tag-length-value: a message body from and to any struct that names its fields in `wire(V&)`.
//
// Used by engine, shim and init for every message and by the files the shim leaves for recovery.
// Works on memory only; hostile input gives kCorrupt, never a crash and never more than
// kMaxElements elements.
//
//   struct  = { field }
//   field   = tag (u16), length (u32), value of that length        all little-endian
//   value   = integer, enum, bool, char   1, 2, 4 or 8 bytes; read into any width that holds it
//           | string, byte array          the bytes
//           | optional                    the value; no field at all when absent
//           | vector                      { length (u32), value }
//           | struct
// Unknown tags are skipped, an absent one leaves the default, of a repeated one the last wins: so
// tags are only ever added.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::wire {

inline constexpr std::size_t kMaxBody = 16U << 20;  // bytes of one body
inline constexpr std::size_t kMaxElements = 1U
                                            << 18;  // vector elements in one body, nested ones too
inline constexpr int kMaxDepth = 16;                // structs and vectors within one another

namespace detail {

template <class T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <class T>
  void operator()(std::uint16_t tag, T& field) {
    if constexpr (requires { field.has_value(); }) {
      if (field.has_value()) (*this)(tag, *field);
    } else {
      put(tag, 2);
      sized(field);
    }
  }

 private:
  template <class T>
  void sized(T& value) {
    const std::size_t at = out_.size();
    put(0, 4);
    put_value(value);
    const auto length = static_cast<std::uint32_t>(out_.size() - at - 4);
    for (int i = 0; i < 4; ++i) out_[at + i] = static_cast<char>(length >> (8 * i));
  }
  void put(std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) out_.push_back(static_cast<char>(number >> (8 * i)));
  }
  template <class T>
  void put_value(T& value) {
    if constexpr (Number<T>) {
      put(static_cast<std::uint64_t>(value), static_cast<int>(sizeof(T)));
    } else if constexpr (std::is_same_v<T, std::string>) {
      out_ += value;
    } else if constexpr (requires { value.wire(*this); }) {
      value.wire(*this);
    } else if constexpr (requires { value.push_back(value.front()); }) {
      for (auto& element : value) sized(element);
    } else {
      static_assert(sizeof(value[0]) == 1, "only arrays of bytes");
      out_.append(reinterpret_cast<const char*>(value.data()), value.size());
    }
  }

  std::string& out_;
};

// What all decoders of one body share.
struct DecodeBudget {
  std::size_t elements = kMaxElements;
  bool corrupt = false;
};

class Decoder {
 public:
  Decoder(DecodeBudget& budget, int depth) : budget_(budget), depth_(depth) {}

  template <class T>
  void read_struct(std::string_view in, T& out) {
    if (depth_ > kMaxDepth) return fail();
    while (!in.empty() && !budget_.corrupt) {
      if (in.size() < 6) return fail();
      tag_ = static_cast<std::uint16_t>(number(in.substr(0, 2)));
      const std::uint64_t length = number(in.substr(2, 4));
      if (length > in.size() - 6) return fail();
      value_ = in.substr(6, length);
      out.wire(*this);
      in.remove_prefix(6 + length);
    }
  }

  template <class T>
  void operator()(std::uint16_t tag, T& field) {
    if (tag != tag_ || budget_.corrupt) return;
    get_value(value_, field);
  }

 private:
  void fail() { budget_.corrupt = true; }

  static std::uint64_t number(std::string_view bytes) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      result |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return result;
  }

  template <class T>
  void get_value(std::string_view in, T& out) {
    if constexpr (Number<T>) {
      get_number(in, out);
    } else if constexpr (std::is_same_v<T, std::string>) {
      out.assign(in);
    } else if constexpr (requires { out.has_value(); }) {
      out.emplace();
      get_value(in, *out);
    } else if constexpr (requires { out.wire(*this); }) {
      out = T{};
      Decoder(budget_, depth_ + 1).read_struct(in, out);
    } else if constexpr (requires { out.push_back(out.front()); }) {
      get_vector(in, out);
    } else {
      static_assert(sizeof(out[0]) == 1, "only arrays of bytes");
      if (in.size() != out.size()) return fail();
      std::memcpy(out.data(), in.data(), in.size());
    }
  }

  template <class T>
  void get_number(std::string_view in, T& out) {
    if (in.size() != 1 && in.size() != 2 && in.size() != 4 && in.size() != 8) return fail();
    const std::uint64_t raw = number(in);
    if constexpr (std::is_same_v<T, bool>) {
      if (raw > 1) return fail();
      out = raw == 1;
    } else if constexpr (std::is_enum_v<T>) {
      // A value that this build does not know stays what it is: who switches on it refuses it.
      if (raw > std::numeric_limits<std::make_unsigned_t<std::underlying_type_t<T>>>::max())
        return fail();
      out = static_cast<T>(raw);
    } else if constexpr (std::is_signed_v<T>) {
      const int unused = 64 - 8 * static_cast<int>(in.size());
      const auto value = static_cast<std::int64_t>(raw << unused) >> unused;
      if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max())
        return fail();
      out = static_cast<T>(value);
    } else {
      if (raw > std::numeric_limits<T>::max()) return fail();
      out = static_cast<T>(raw);
    }
  }

  template <class T>
  void get_vector(std::string_view in, T& out) {
    out.clear();
    if (depth_ + 1 > kMaxDepth) return fail();
    while (!in.empty() && !budget_.corrupt) {
      if (in.size() < 4 || budget_.elements == 0) return fail();
      --budget_.elements;
      const std::uint64_t length = number(in.substr(0, 4));
      if (length > in.size() - 4) return fail();
      out.emplace_back();
      Decoder(budget_, depth_ + 1).get_value(in.substr(4, length), out.back());
      in.remove_prefix(4 + length);
    }
  }

  DecodeBudget& budget_;
  int depth_;
  std::uint16_t tag_ = 0;
  std::string_view value_;
};

}  // namespace detail

template <class T>
std::string encode(const T& value) {
  std::string out;
  detail::Encoder encoder(out);
  const_cast<T&>(value).wire(encoder);  // wire() visits; the encoder only reads
  return out;
}

// kCorrupt when the body breaks the format above or a number does not fit its field.
template <class T>
Result<T> decode(std::string_view body) {
  detail::DecodeBudget budget;
  T value{};
  if (body.size() <= kMaxBody) {
    detail::Decoder(budget, 0).read_struct(body, value);
  } else {
    budget.corrupt = true;
  }
  if (budget.corrupt) return fail(Code::kCorrupt, "decode message", {}, "malformed body");
  return value;
}

}  // namespace podctl::wire
