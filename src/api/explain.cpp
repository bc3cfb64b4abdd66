#include "podctl/api/explain.hpp"

#include <algorithm>
#include <vector>

#include "api/prose.hpp"
#include "podctl/api/kinds.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/served.hpp"
#include "podctl/api/support.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

constexpr int kMaxDepth = 12;

// By one of its names; null.
const KindInfo* find_root(std::string_view word) {
  if (word.empty()) return nullptr;
  for (const KindInfo& k : kinds()) {
    if (word == k.kind || word == k.singular || word == k.plural || word == k.short_name) return &k;
  }
  return nullptr;
}

std::string_view scalar_name(const Field& f) {
  switch (f.kind) {
    case Kind::kBool:
      return "boolean";
    case Kind::kInt32:
    case Kind::kInt64:
      return "integer";
    case Kind::kQuantity:
      return "Quantity";
    case Kind::kTime:
      return "Time";
    case Kind::kIntOrString:
      return "IntOrString";
    case Kind::kBytes:
      return "base64";
    case Kind::kRaw:
      return "Object";
    case Kind::kStruct:
      return f.type().name;
    case Kind::kString:
      break;
  }
  return "string";
}

std::string type_name(const Field& f) {
  std::string name(scalar_name(f));
  if (f.shape == Shape::kList) return "[]" + name;
  if (f.shape == Shape::kMap) return "map[string]" + name;
  return name;
}

// What is done with a field: below one that is not acted on nothing is, and below one that no pod
// may set nothing can be set.
enum class Done : std::uint8_t { kActedOn, kNotYet, kRefused };

Done done_with(const Type& type, const Field& f, Done above) {
  if (above != Done::kActedOn || supported(type, f)) return above;
  return refused(type, f).empty() ? Done::kNotYet : Done::kRefused;
}

std::string mark(const Type& type, const Field& f, Done above) {
  return "  (" +
         (above == Done::kActedOn  ? support_word(type, f)
          : above == Done::kNotYet ? "not yet"
                                   : "refused") +
         ")";
}

std::string enum_line(const Field& f, const std::string& indent) {
  if (f.values.empty()) return {};
  std::string out = indent + "enum: ";
  for (std::size_t i = 0; i < f.values.size(); ++i) {
    // Signals and their like are too many for a line.
    if (i == 8) return out + ", ....\n";
    out += (i ? ", " : "") + std::string(f.values[i]);
  }
  return out + "\n";
}

std::vector<const Field*> sorted(const Type& type) {
  std::vector<const Field*> out;
  for (const Field& f : type.fields) out.push_back(&f);
  std::sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return out;
}

class Writer {
 public:
  // `marked`: podctl acts on what is written in it, and each field says whether it does.
  Writer(bool marked, bool recursive) : marked_(marked), recursive_(recursive) {}

  void fields(const Type& type, int depth, Done above) {
    for (const Field* f : sorted(type)) one(type, *f, depth, above);
  }

  std::string out;

 private:
  void one(const Type& type, const Field& f, int depth, Done above) {
    std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    out += indent + std::string(f.name) + "\t<" + type_name(f) + ">";
    if (f.required) out += " -required-";
    // A status is written by podctl, not acted on.
    bool status = f.name == "status" && depth == 1;
    if (marked_ && !in_status_ && !status) out += mark(type, f, above);
    out += "\n";
    if (recursive_) {
      out += enum_line(f, indent);
      if (f.kind == Kind::kStruct && depth < kMaxDepth) {
        bool outer = in_status_;
        in_status_ = in_status_ || status;
        fields(f.type(), depth + 1, done_with(type, f, above));
        in_status_ = outer;
      }
      return;
    }
    if (auto text = prose(type.name, f.name); !text.empty())
      out += indent + "  " + std::string(text) + "\n";
    out += enum_line(f, indent + "  ");
    if (f.deprecated) out += indent + "  Deprecated.\n";
    if (!f.feature_gate.empty()) {
      out += indent + "  Feature gate: " + std::string(f.feature_gate) + "\n";
    }
    if (!f.list_key.empty()) {
      out += indent + "  Elements are told apart by " + std::string(f.list_key) + ".\n";
    }
  }

  bool marked_;
  bool recursive_;
  bool in_status_ = false;
};

Failure no_field(std::string_view step, const Type& type) {
  std::vector<std::string_view> names;
  for (const Field& f : type.fields) names.push_back(f.name);
  std::string why = "field \"" + std::string(step) + "\" does not exist";
  if (auto near = text::nearest(step, names))
    why += ", did you mean \"" + std::string(*near) + "\"?";
  return fail(Code::kNotFound, "explain", std::string(type.name), why);
}

struct Place {
  const Type* owner = nullptr;  // of the field
  const Field* field = nullptr;
  const Type* type = nullptr;    // of the value; null for a scalar
  Done above = Done::kActedOn;   // what is done with the type's owner
  Done within = Done::kActedOn;  // and with the field itself
  bool status = false;
};

Result<Place> walk(const std::vector<std::string_view>& steps, const Type& root) {
  Place place;
  place.type = &root;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (!place.type) {
      return fail(Code::kNotFound, "explain", std::string(steps[i - 1]), "has no fields");
    }
    const Field* f = place.type->find(steps[i]);
    if (!f) return no_field(steps[i], *place.type);
    place.status = place.status || (i == 1 && f->name == "status");
    place.above = place.within;
    place.within = done_with(*place.type, *f, place.above);
    place.owner = place.type;
    place.field = f;
    place.type = f->kind == Kind::kStruct ? &f->type() : nullptr;
  }
  return place;
}

}  // namespace

std::vector<std::string> complete_path(std::string_view typed) {
  std::vector<std::string> out;
  const auto dot = typed.rfind('.');
  if (dot == std::string_view::npos) {
    for (const KindInfo& k : kinds()) {
      for (const char* end : {"", "."}) out.push_back(std::string(k.singular) + end);
    }
    return out;
  }
  const auto steps = text::split(typed.substr(0, dot), '.');
  const KindInfo* root = find_root(steps[0]);
  const auto place = root ? walk(steps, root->type()) : Result<Place>();
  if (!place || !place->type) return out;
  for (const Field* f : sorted(*place->type)) {
    const std::string path = std::string(typed.substr(0, dot + 1)) + std::string(f->name);
    out.push_back(path);
    if (f->kind == Kind::kStruct) out.push_back(path + ".");
  }
  return out;
}

Result<std::string> explain(std::string_view path, bool recursive) {
  auto steps = text::split(path, '.');
  const KindInfo* root = find_root(steps[0]);
  if (!root) {
    std::string known;
    for (const KindInfo& k : kinds()) known += (known.empty() ? "" : ", ") + std::string(k.plural);
    return fail(Code::kNotFound, "explain", std::string(steps[0]), "podctl knows " + known);
  }
  Place place = TRY(walk(steps, root->type()));
  bool marked = (root->kept() || root == &kind_of<Pod>()) && !place.status;
  std::string out = "KIND:       " + std::string(root->kind) + "\nVERSION:    v1\n\n";
  if (place.field) {
    out += "FIELD: " + std::string(place.field->name) + " <" + type_name(*place.field) + ">";
    if (place.field->required) out += " -required-";
    if (marked) out += mark(*place.owner, *place.field, place.above);
    out += "\n" + enum_line(*place.field, "") + "\n";
    if (auto text = prose(place.owner->name, place.field->name); !text.empty())
      out += "DESCRIPTION:\n    " + std::string(text) + "\n\n";
  }
  if (!place.type) return out;
  Writer writer(marked, recursive);
  writer.fields(*place.type, 1, place.within);
  return out + "FIELDS:\n" + writer.out;
}

}  // namespace podctl::api
