// Field tables: the one description of every API type; decode, encode, default, validate, diff and
// explain are plain functions over them.
//
// Used inside the api layer and by whoever walks objects generically. Tables are constant data made
// by the compiler (src/api/tables_*.cpp); nothing here allocates or changes after start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace podctl::api {

// What one element of a field is.
enum class Kind : std::uint8_t {
  kString,
  kBool,
  kInt32,
  kInt64,
  kQuantity,
  kTime,
  kIntOrString,
  kBytes,
  kRaw,
  kStruct,
};

// How the elements are held. kOptional is std::optional for numbers and bools, Box for structs.
enum class Shape : std::uint8_t { kPlain, kOptional, kList, kMap };

struct Type;

struct Field {
  std::string_view name;  // the JSON name
  Kind kind = Kind::kString;
  Shape shape = Shape::kPlain;
  std::uint16_t offset = 0;
  bool required = false;
  bool shown_empty = false;     // an empty struct is written as {} (Go's non-pointer structs)
  bool zero_is_absent = false;  // 0 and false are not kept (Go's omitempty on a plain value)
  bool micro_time = false;
  bool deprecated = false;
  bool hidden = false;                            // no message repeats its values: they are secret
  const Type& (*type)() = nullptr;                // of kStruct
  std::span<const std::string_view> values = {};  // the closed set of a string; empty: any
  std::string_view list_key = {};  // the member that names an element of a list; comma-separated
  std::string_view feature_gate = {};

  const void* at(const void* object) const {
    return static_cast<const std::byte*>(object) + offset;
  }
  void* at(void* object) const { return static_cast<std::byte*>(object) + offset; }

  // Builder, for the tables.
  constexpr Field need() const {
    auto f = *this;
    return f.required = true, f;
  }
  constexpr Field shown() const {
    auto f = *this;
    return f.shown_empty = true, f;
  }
  constexpr Field zero_absent() const {
    auto f = *this;
    return f.zero_is_absent = true, f;
  }
  constexpr Field micro() const {
    auto f = *this;
    return f.micro_time = true, f;
  }
  constexpr Field old() const {
    auto f = *this;
    return f.deprecated = true, f;
  }
  constexpr Field hide() const {
    auto f = *this;
    return f.hidden = true, f;
  }
  constexpr Field gate(std::string_view g) const {
    auto f = *this;
    return f.feature_gate = g, f;
  }
  constexpr Field keyed(std::string_view k) const {
    auto f = *this;
    return f.list_key = k, f;
  }
  constexpr Field one_of(std::span<const std::string_view> v) const {
    auto f = *this;
    return f.values = v, f;
  }
};

struct Type {
  std::string_view name;
  std::span<const Field> fields;
  // Box<T> and std::vector<T> behind a plain pointer.
  const void* (*box_get)(const void* box);
  void* (*box_emplace)(void* box);
  void (*box_reset)(void* box);
  std::size_t (*list_size)(const void* list);
  void* (*list_at)(void* list, std::size_t i);
  const void* (*list_at_const)(const void* list, std::size_t i);
  void* (*list_push)(void* list);
  void (*list_clear)(void* list);

  // The field of that JSON name, or null.
  const Field* find(std::string_view field) const;
};

// The table of a type; defined for every type of meta.hpp, volume.hpp, … node.hpp.
template <class T>
const Type& type_of();

}  // namespace podctl::api
