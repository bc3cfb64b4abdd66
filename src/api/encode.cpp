#include "podctl/api/encode.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "api/base64.hpp"
#include "podctl/api/bytes.hpp"
#include "podctl/api/intstr.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/time.hpp"
#include "podctl/base/utf8.hpp"

namespace podctl::api {
namespace {

void number(std::string& out, std::int64_t value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void object(const Type& type, const void* object) {
    out_ += '{';
    bool first = true;
    for (const Field& f : type.fields) {
      const void* at = f.at(object);
      if (!f.required && absent(f, at)) continue;
      std::size_t before = out_.size();
      if (!first) out_ += ',';
      out_ += '"';
      out_ += f.name;
      out_ += "\":";
      std::size_t value_from = out_.size();
      value(f, at);
      // A plain struct that turned out empty is left out unless Go would write it.
      bool empty_struct =
          f.kind == Kind::kStruct && f.shape == Shape::kPlain && out_.size() == value_from + 2;
      if (empty_struct && !f.required && !f.shown_empty) {
        out_.resize(before);
      } else {
        first = false;
      }
    }
    out_ += '}';
  }

 private:
  template <class T>
  static bool none(const void* at) {
    return !static_cast<const std::optional<T>*>(at)->has_value();
  }
  template <class T>
  static const T& as(const void* at) {
    return *static_cast<const T*>(at);
  }

  static bool absent(const Field& f, const void* at) {
    switch (f.shape) {
      case Shape::kList:
        return list_size(f, at) == 0;
      case Shape::kMap:
        return as<std::map<std::string, std::string>>(at).empty();
      case Shape::kOptional:
        switch (f.kind) {
          case Kind::kBool:
            return none<bool>(at);
          case Kind::kInt32:
            return none<std::int32_t>(at);
          case Kind::kInt64:
            return none<std::int64_t>(at);
          default:
            return f.type().box_get(at) == nullptr && !f.shown_empty;
        }
      case Shape::kPlain:
        break;
    }
    switch (f.kind) {
      case Kind::kString:
        return as<std::string>(at).empty() && !f.shown_empty;
      case Kind::kQuantity:
        return !as<Quantity>(at).has_value();
      case Kind::kTime:
        return !as<Time>(at).has_value();
      case Kind::kIntOrString:
        return !as<IntOrString>(at).has_value();
      case Kind::kBytes:
        return as<Bytes>(at).empty();
      case Kind::kRaw:
        return as<RawJson>(at).empty();
      default:
        return false;
    }
  }

  static std::size_t list_size(const Field& f, const void* at) {
    switch (f.kind) {
      case Kind::kStruct:
        return f.type().list_size(at);
      case Kind::kInt32:
        return as<std::vector<std::int32_t>>(at).size();
      case Kind::kInt64:
        return as<std::vector<std::int64_t>>(at).size();
      default:
        return as<std::vector<std::string>>(at).size();
    }
  }

  void value(const Field& f, const void* at) {
    switch (f.shape) {
      case Shape::kPlain:
        if (f.kind == Kind::kStruct) return object(f.type(), at);
        return scalar(f, at);
      case Shape::kOptional:
        return optional(f, at);
      case Shape::kList:
        return list(f, at);
      case Shape::kMap:
        return map(f, at);
    }
  }

  void optional(const Field& f, const void* at) {
    switch (f.kind) {
      case Kind::kBool:
        return scalar(f, &*as<std::optional<bool>>(at));
      case Kind::kInt32:
        return scalar(f, &*as<std::optional<std::int32_t>>(at));
      case Kind::kInt64:
        return scalar(f, &*as<std::optional<std::int64_t>>(at));
      default:
        break;
    }
    const void* inner = f.type().box_get(at);
    if (inner) return object(f.type(), inner);
    out_ += "{}";
  }

  void list(const Field& f, const void* at) {
    std::size_t size = list_size(f, at);
    out_ += '[';
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) out_ += ',';
      switch (f.kind) {
        case Kind::kStruct:
          object(f.type(), f.type().list_at_const(at, i));
          break;
        case Kind::kInt32:
          number(out_, as<std::vector<std::int32_t>>(at)[i]);
          break;
        case Kind::kInt64:
          number(out_, as<std::vector<std::int64_t>>(at)[i]);
          break;
        default:
          append_json_string(out_, as<std::vector<std::string>>(at)[i]);
      }
    }
    out_ += ']';
  }

  template <class T>
  void map_of(const Field& f, const void* at) {
    bool first = true;
    for (const auto& [key, value] : as<std::map<std::string, T>>(at)) {
      if (!first) out_ += ',';
      first = false;
      append_json_string(out_, key);
      out_ += ':';
      scalar(f, &value);
    }
  }

  void map(const Field& f, const void* at) {
    out_ += '{';
    switch (f.kind) {
      case Kind::kQuantity:
        map_of<Quantity>(f, at);
        break;
      case Kind::kBytes:
        map_of<Bytes>(f, at);
        break;
      default:
        map_of<std::string>(f, at);
    }
    out_ += '}';
  }

  void scalar(const Field& f, const void* at) {
    switch (f.kind) {
      case Kind::kString:
        return append_json_string(out_, as<std::string>(at));
      case Kind::kBool:
        out_ += as<bool>(at) ? "true" : "false";
        return;
      case Kind::kInt32:
        return number(out_, as<std::int32_t>(at));
      case Kind::kInt64:
        return number(out_, as<std::int64_t>(at));
      case Kind::kQuantity:
        return append_json_string(out_, as<Quantity>(at) ? as<Quantity>(at).str() : "0");
      case Kind::kTime:
        return time(f, as<Time>(at));
      case Kind::kIntOrString:
        return int_or_string(as<IntOrString>(at));
      case Kind::kBytes:
        return append_json_string(out_, base64_encode(as<Bytes>(at).data));
      case Kind::kRaw:
        out_ += as<RawJson>(at).empty() ? "null" : as<RawJson>(at).text;
        return;
      case Kind::kStruct:
        return;
    }
  }

  void time(const Field& f, const Time& t) {
    if (!t) {
      out_ += "null";
    } else {
      append_json_string(out_, f.micro_time ? t.micro_str() : t.str());
    }
  }

  void int_or_string(const IntOrString& v) {
    if (v.is_string()) return append_json_string(out_, v.text());
    number(out_, v.number());
  }

  std::string& out_;
};

void tree_json(const Tree& tree, std::string& out) {
  switch (tree.kind) {
    case Tree::Kind::kNull:
      out += "null";
      return;
    case Tree::Kind::kBool:
      out += tree.boolean ? "true" : "false";
      return;
    case Tree::Kind::kInt:
      return number(out, tree.integer);
    case Tree::Kind::kFloat:
      if (!std::isfinite(tree.number)) return append_json_string(out, tree.text);
      out += boost::json::serialize(boost::json::value(tree.number));
      return;
    case Tree::Kind::kString:
      return append_json_string(out, tree.text);
    case Tree::Kind::kList: {
      out += '[';
      for (std::size_t i = 0; i < tree.items.size(); ++i) {
        if (i > 0) out += ',';
        tree_json(tree.items[i], out);
      }
      out += ']';
      return;
    }
    case Tree::Kind::kMap:
      break;
  }
  out += '{';
  for (std::size_t i = 0; i < tree.entries.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, tree.entries[i].key);
    out += ':';
    tree_json(tree.entries[i].value, out);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80 ? 1 : utf8::character(text, i);
    if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
      i += length - 1;
      continue;
    }
    out.append(text, from, i - from);
    from = i + 1;
    if (length == 0) {
      out += "\xef\xbf\xbd";
      continue;
    }
    out += '\\';
    switch (c) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '\n':
        out += 'n';
        break;
      case '\t':
        out += 't';
        break;
      case '\r':
        out += 'r';
        break;
      default:
        out += "u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, from, text.size() - from);
  out += '"';
}

void encode_json(const Type& type, const void* object, std::string& out) {
  Encoder(out).object(type, object);
}

std::string to_json(const Tree& tree) {
  std::string out;
  tree_json(tree, out);
  return out;
}

boost::json::value to_value(const Type& type, const void* object) {
  std::string json;
  encode_json(type, object, json);
  boost::system::error_code error;
  auto value = boost::json::parse(json, error);
  return error ? boost::json::value() : value;
}

std::string to_yaml(const Type& type, const void* object) {
  return to_yaml(to_value(type, object));
}

}  // namespace podctl::api
