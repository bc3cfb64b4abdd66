// Makes a field table from a struct: kind and shape follow from the member's C++ type.
//
// Included by tables_*.cpp only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/bytes.hpp"
#include "podctl/api/intstr.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/table.hpp"
#include "podctl/api/time.hpp"

// The API types hold std::map, which is not standard-layout; g++ and clang define offsetof for them
// all the same.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace podctl::api::build {

template <class T>
struct KindOf {
  static constexpr Kind value = Kind::kStruct;
};
template <>
struct KindOf<std::string> {
  static constexpr Kind value = Kind::kString;
};
template <>
struct KindOf<bool> {
  static constexpr Kind value = Kind::kBool;
};
template <>
struct KindOf<std::int32_t> {
  static constexpr Kind value = Kind::kInt32;
};
template <>
struct KindOf<std::int64_t> {
  static constexpr Kind value = Kind::kInt64;
};
template <>
struct KindOf<Quantity> {
  static constexpr Kind value = Kind::kQuantity;
};
template <>
struct KindOf<Time> {
  static constexpr Kind value = Kind::kTime;
};
template <>
struct KindOf<IntOrString> {
  static constexpr Kind value = Kind::kIntOrString;
};
template <>
struct KindOf<Bytes> {
  static constexpr Kind value = Kind::kBytes;
};
template <>
struct KindOf<RawJson> {
  static constexpr Kind value = Kind::kRaw;
};

template <class M>
struct ShapeOf {
  using Element = M;
  static constexpr Shape value = Shape::kPlain;
};
template <class T>
struct ShapeOf<Box<T>> {
  using Element = T;
  static constexpr Shape value = Shape::kOptional;
};
template <class T>
struct ShapeOf<std::optional<T>> {
  using Element = T;
  static constexpr Shape value = Shape::kOptional;
};
template <class T>
struct ShapeOf<std::vector<T>> {
  using Element = T;
  static constexpr Shape value = Shape::kList;
};
template <class T>
struct ShapeOf<std::map<std::string, T>> {
  using Element = T;
  static constexpr Shape value = Shape::kMap;
};

template <class M>
constexpr Field field(std::string_view name, std::size_t offset) {
  using Element = typename ShapeOf<M>::Element;
  Field f;
  f.name = name;
  f.kind = KindOf<Element>::value;
  f.shape = ShapeOf<M>::value;
  f.offset = static_cast<std::uint16_t>(offset);
  if constexpr (KindOf<Element>::value == Kind::kStruct) f.type = &type_of<Element>;
  return f;
}

template <class T>
constexpr Type type(std::string_view name, std::span<const Field> fields) {
  using L = std::vector<T>;
  using B = Box<T>;
  return Type{
      name,
      fields,
      [](const void* b) -> const void* { return static_cast<const B*>(b)->get(); },
      [](void* b) -> void* { return &static_cast<B*>(b)->emplace(); },
      [](void* b) { static_cast<B*>(b)->reset(); },
      [](const void* l) { return static_cast<const L*>(l)->size(); },
      [](void* l, std::size_t i) -> void* { return &(*static_cast<L*>(l))[i]; },
      [](const void* l, std::size_t i) -> const void* { return &(*static_cast<const L*>(l))[i]; },
      [](void* l) -> void* { return &static_cast<L*>(l)->emplace_back(); },
      [](void* l) { static_cast<L*>(l)->clear(); },
  };
}

}  // namespace podctl::api::build

#define PODCTL_FIELD_NAMED(member, json) \
  build::field<decltype(Self::member)>(json, offsetof(Self, member))
#define PODCTL_FIELD(member) PODCTL_FIELD_NAMED(member, #member)

// Defines type_of<T>() from the fields listed.
#define PODCTL_TYPE(T, ...)                                    \
  template <>                                                  \
  const Type& type_of<T>() {                                   \
    using Self = T;                                            \
    static constexpr Field kFields[] = {__VA_ARGS__};          \
    static constexpr Type kType = build::type<T>(#T, kFields); \
    return kType;                                              \
  }
