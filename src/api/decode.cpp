#include "podctl/api/decode.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "api/base64.hpp"
#include "api/faults.hpp"
#include "api/path.hpp"
#include "podctl/api/bytes.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/intstr.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/time.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

using K = Tree::Kind;

// "a number", "an empty value".
std::string described(const Tree& tree) {
  std::string name(kind_name(tree.kind));
  return tree.is_null() ? "null" : "a " + name;
}

// A number as encoding/json of Go writes it, where a quantity's own text decides how it is shown:
// 0.5 becomes 500m, "5e-1" would become 500e-3.
std::string number_text(double number) {
  const double size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {text.data(), end.ptr};
}

class Decoder {
 public:
  Decoder(Faults& faults, Unknown unknown) : faults_(faults), unknown_(unknown) {}

  void object(const Tree& tree, const Type& type, void* out, const Path& path) {
    if (tree.is_null()) return;
    if (!tree.is_map()) {
      return type_fault(tree, path, "a map of " + std::string(type.name) + "'s fields");
    }
    for (const TreeEntry& e : tree.entries) {
      const Field* field = type.find(e.key);
      if (field) {
        value(e.value, *field, field->at(out), Path::of(path, field->name));
      } else if (unknown_ == Unknown::kFault) {
        unknown(e, type, path);
      }
    }
  }

 private:
  void fault(const Tree& tree, const Path& path, std::string_view code, std::string text) {
    faults_.push_back({path.str(), std::string(code), std::move(text), tree.at, hidden_});
  }
  void type_fault(const Tree& tree, const Path& path, const std::string& wanted) {
    std::string text = "must be " + wanted + ", not " + described(tree);
    fault(tree, path, "FieldValueTypeInvalid", std::move(text));
  }

  void unknown(const TreeEntry& e, const Type& type, const Path& path) {
    std::vector<std::string_view> names;
    // Comparing each of thousands of keys with each field would take longer than reading them.
    if (suggestions_ > 0) {
      --suggestions_;
      for (const Field& f : type.fields) names.push_back(f.name);
    }
    faults_.push_back(
        {Path::of(path, e.key).str(), "FieldValueInvalid", unknown_field(e.key, names), e.at});
  }

  void value(const Tree& tree, const Field& field, void* out, const Path& path) {
    if (tree.is_null()) return;
    const bool outer = std::exchange(hidden_, hidden_ || field.hidden);
    shaped(tree, field, out, path);
    hidden_ = outer;
  }

  void shaped(const Tree& tree, const Field& field, void* out, const Path& path) {
    switch (field.shape) {
      case Shape::kPlain:
        return plain(tree, field, out, path);
      case Shape::kOptional:
        return optional(tree, field, out, path);
      case Shape::kList:
        return list(tree, field, out, path);
      case Shape::kMap:
        return map(tree, field, out, path);
    }
  }

  void plain(const Tree& tree, const Field& field, void* out, const Path& path) {
    if (field.kind == Kind::kStruct) return object(tree, field.type(), out, path);
    scalar(tree, field.kind, out, path);
  }

  template <class T>
  void optional_scalar(const Tree& tree, const Field& field, void* out, const Path& path) {
    T read{};
    if (!scalar(tree, field.kind, &read, path)) return;
    if (field.zero_is_absent && read == T{}) return;
    *static_cast<std::optional<T>*>(out) = read;
  }

  void optional(const Tree& tree, const Field& field, void* out, const Path& path) {
    switch (field.kind) {
      case Kind::kStruct:
        if (!tree.is_map()) return object(tree, field.type(), out, path);  // says what is wrong
        return object(tree, field.type(), field.type().box_emplace(out), path);
      case Kind::kBool:
        return optional_scalar<bool>(tree, field, out, path);
      case Kind::kInt32:
        return optional_scalar<std::int32_t>(tree, field, out, path);
      case Kind::kInt64:
        return optional_scalar<std::int64_t>(tree, field, out, path);
      default:
        scalar(tree, field.kind, out, path);
    }
  }

  template <class T>
  void scalar_list(const Tree& tree, Kind kind, void* out, const Path& path) {
    auto& to = *static_cast<std::vector<T>*>(out);
    to.clear();
    for (std::size_t i = 0; i < tree.items.size(); ++i) {
      T read{};
      if (!tree.items[i].is_null()) scalar(tree.items[i], kind, &read, Path::of(path, i));
      to.push_back(std::move(read));
    }
  }

  void list(const Tree& tree, const Field& field, void* out, const Path& path) {
    if (!tree.is_list()) return type_fault(tree, path, "a list");
    switch (field.kind) {
      case Kind::kStruct: {
        const Type& type = field.type();
        type.list_clear(out);
        for (std::size_t i = 0; i < tree.items.size(); ++i) {
          object(tree.items[i], type, type.list_push(out), Path::of(path, i));
        }
        return;
      }
      case Kind::kInt32:
        return scalar_list<std::int32_t>(tree, field.kind, out, path);
      case Kind::kInt64:
        return scalar_list<std::int64_t>(tree, field.kind, out, path);
      default:
        return scalar_list<std::string>(tree, field.kind, out, path);
    }
  }

  template <class T>
  void scalar_map(const Tree& tree, Kind kind, void* out, const Path& path) {
    auto& to = *static_cast<std::map<std::string, T>*>(out);
    to.clear();
    for (const TreeEntry& e : tree.entries) {
      T& read = to[e.key];
      if (!e.value.is_null()) scalar(e.value, kind, &read, Path::of(path, e.key));
    }
  }

  void map(const Tree& tree, const Field& field, void* out, const Path& path) {
    if (!tree.is_map()) return type_fault(tree, path, "a map");
    switch (field.kind) {
      case Kind::kQuantity:
        return scalar_map<Quantity>(tree, field.kind, out, path);
      case Kind::kBytes:
        return scalar_map<Bytes>(tree, field.kind, out, path);
      default:
        return scalar_map<std::string>(tree, field.kind, out, path);
    }
  }

  bool string(const Tree& tree, std::string& out, const Path& path) {
    if (tree.is_string()) return out = tree.text, true;
    const bool told = !hidden_ && !tree.is_map() && !tree.is_list();
    std::string hint = told ? " (write \"" + tree.text + "\")" : "";
    fault(tree, path, "FieldValueTypeInvalid", "must be a string, not " + described(tree) + hint);
    return false;
  }

  template <class T>
  bool integer(const Tree& tree, T& out, const Path& path) {
    std::int64_t read = tree.integer;
    if (tree.kind == K::kFloat && std::trunc(tree.number) == tree.number &&
        std::abs(tree.number) < 9e15) {
      read = static_cast<std::int64_t>(tree.number);  // 1e3 is 1000
    } else if (tree.kind == K::kFloat && std::trunc(tree.number) != tree.number) {
      return fault(tree, path, "FieldValueTypeInvalid", "must be a whole number, not " + tree.text),
             false;
    } else if (tree.kind == K::kFloat) {
      return too_wide<T>(tree, path), false;
    } else if (tree.kind != K::kInt) {
      return type_fault(tree, path, "a whole number"), false;
    }
    if (read < std::numeric_limits<T>::min() || read > std::numeric_limits<T>::max())
      return too_wide<T>(tree, path), false;
    out = static_cast<T>(read);
    return true;
  }

  template <class T>
  void too_wide(const Tree& tree, const Path& path) {
    fault(tree, path, "FieldValueTypeInvalid",
          tree.text + " does not fit in " + std::to_string(sizeof(T) * 8) + " bits");
  }

  bool quantity(const Tree& tree, Quantity& out, const Path& path) {
    std::string text = tree.kind == K::kInt     ? std::to_string(tree.integer)
                       : tree.kind == K::kFloat ? number_text(tree.number)
                                                : tree.text;
    if (tree.kind != K::kInt && tree.kind != K::kFloat && !tree.is_string()) {
      return type_fault(tree, path, "a quantity"), false;
    }
    auto read = Quantity::parse(text::trim(text));
    if (!read) return invalid(tree, path, text, read.error().detail), false;
    out = *read;
    return true;
  }

  void invalid(const Tree& tree, const Path& path, const std::string& value,
               const std::string& why) {
    fault(tree, path, "FieldValueInvalid", "Invalid value: \"" + value + "\": " + why);
  }

  bool time(const Tree& tree, Time& out, const Path& path) {
    if (!tree.is_string()) return type_fault(tree, path, "a time"), false;
    auto read = Time::parse(tree.text);
    if (!read) return invalid(tree, path, tree.text, read.error().detail), false;
    out = *read;
    return true;
  }

  bool int_or_string(const Tree& tree, IntOrString& out, const Path& path) {
    if (tree.is_string()) return out = IntOrString(tree.text), true;
    std::int32_t number = 0;
    if (tree.kind != K::kInt) return type_fault(tree, path, "a number or a string"), false;
    if (!integer(tree, number, path)) return false;
    out = IntOrString(number);
    return true;
  }

  bool bytes(const Tree& tree, Bytes& out, const Path& path) {
    if (!tree.is_string()) return type_fault(tree, path, "base64 text"), false;
    std::size_t bad = 0;
    auto read = base64_decode(tree.text, &bad);
    if (!read) {
      return fault(tree, path, "FieldValueInvalid",
                   "illegal base64 data at input byte " + std::to_string(bad)),
             false;
    }
    out.data = std::move(*read);
    return true;
  }

  bool scalar(const Tree& tree, Kind kind, void* out, const Path& path) {
    switch (kind) {
      case Kind::kString:
        return string(tree, *static_cast<std::string*>(out), path);
      case Kind::kBool:
        if (tree.kind != K::kBool) return type_fault(tree, path, "true or false"), false;
        return *static_cast<bool*>(out) = tree.boolean, true;
      case Kind::kInt32:
        return integer(tree, *static_cast<std::int32_t*>(out), path);
      case Kind::kInt64:
        return integer(tree, *static_cast<std::int64_t*>(out), path);
      case Kind::kQuantity:
        return quantity(tree, *static_cast<Quantity*>(out), path);
      case Kind::kTime:
        return time(tree, *static_cast<Time*>(out), path);
      case Kind::kIntOrString:
        return int_or_string(tree, *static_cast<IntOrString*>(out), path);
      case Kind::kBytes:
        return bytes(tree, *static_cast<Bytes*>(out), path);
      case Kind::kRaw:
        return static_cast<RawJson*>(out)->text = to_json(tree), true;
      case Kind::kStruct:
        break;
    }
    return false;
  }

  Faults& faults_;
  Unknown unknown_;
  int suggestions_ = 100;
  bool hidden_ = false;  // within a field whose values no message may repeat
};

}  // namespace

void decode(const Tree& tree, const Type& type, void* object, Faults& faults, Unknown unknown) {
  Decoder(faults, unknown).object(tree, type, object, Path{});
}

Faults decode_json(std::string_view json, const Type& type, void* object, Unknown unknown) {
  Parsed parsed = parse_json(json, {.bytes = 64u << 20, .nodes = 10'000'000, .depth = 200});
  if (!parsed.documents.empty()) {
    decode(parsed.documents[0], type, object, parsed.faults, unknown);
  }
  return std::move(parsed.faults);
}

}  // namespace podctl::api
