#include "podctl/api/manifest.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <span>

#include "api/faults.hpp"
#include "api/reader.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/api/served.hpp"
#include "podctl/api/support.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api {
namespace {

void hide_lines(std::span<Fault> faults) {
  for (Fault& f : faults) f.hidden = true;
}

// Finds the faults that only repeat one of a wrong type that decoding found: at or above them, or
// below what is missing only because that could not be read.
class Repeats {
 public:
  explicit Repeats(std::span<const Fault> decoded) {
    for (const Fault& f : decoded) {
      if (f.code == "FieldValueTypeInvalid" && !f.field.empty()) fields_.insert(f.field);
    }
  }

  bool has(const Fault& fault) const {
    const std::string_view path = fault.field;
    if (fields_.empty()) return false;
    for (std::size_t end = path.find_first_of(".["); end != std::string_view::npos;
         end = path.find_first_of(".[", end + 1)) {
      if (fields_.contains(path.substr(0, end))) return true;
    }
    if (fields_.contains(path)) return true;
    return fault.code == "FieldValueRequired" && (below(path, '.') || below(path, '['));
  }

 private:
  bool below(std::string_view path, char step) const {
    const std::string begin = std::string(path) + step;
    const auto next = fields_.lower_bound(begin);
    return next != fields_.end() && next->starts_with(begin);
  }

  std::set<std::string, std::less<>> fields_;
};

// Of an object that says no kind: keys that were to say it, or the version.
void report_slips(const Tree& doc, Faults& faults) {
  const std::vector<std::string_view> names = {"apiVersion", "kind"};
  for (const TreeEntry& e : doc.entries) {
    if (faults.size() >= 100) return;
    if (e.key == names[0] || e.key == names[1] || !text::nearest(e.key, names)) continue;
    faults.push_back(
        {reader::child("", e.key), "FieldValueInvalid", unknown_field(e.key, names), e.at});
  }
}

// A kind that manifests may hold.
const KindInfo* applicable(std::string_view kind) {
  const KindInfo* found = find_kind(kind);
  return found != nullptr && (found->kept() || found == &kind_of<Pod>()) ? found : nullptr;
}

std::string not_supported(const std::string& kind) {
  std::vector<std::string_view> names;
  for (const KindInfo& k : kinds()) {
    if (applicable(k.kind) != nullptr) names.push_back(k.kind);
  }
  std::string text = "kind \"" + kind + "\" is not supported: podctl takes " +
                     text::join(std::vector<std::string>(names.begin(), names.end()), ", ");
  if (const auto near = text::nearest(kind, names))
    text += "; did you mean \"" + std::string(*near) + "\"?";
  return text;
}

// apiVersion and kind; null when this is nothing that may be applied. What has no version is of its
// kind all the same, so that its other faults are told too.
const KindInfo* kind_of_document(const Tree& doc, Faults& faults) {
  auto fault = [&](std::string_view field, std::string_view code, std::string text) {
    faults.push_back({std::string(field), std::string(code), std::move(text), locate(doc, field)});
  };
  if (!doc.is_map()) {
    faults.push_back(
        {"", "FieldValueTypeInvalid",
         "an object is a map with apiVersion and kind, not a " + std::string(kind_name(doc.kind)),
         doc.at});
    return nullptr;
  }
  std::string kind(doc.string_at("kind")), version(doc.string_at("apiVersion"));
  if (kind.empty()) {
    fault("kind", "FieldValueRequired", "Required value");
    report_slips(doc, faults);
  }
  if (version.empty()) fault("apiVersion", "FieldValueRequired", "Required value");
  const KindInfo* found = applicable(kind);
  if (!kind.empty() && found == nullptr) {
    fault("kind", "FieldValueNotSupported", not_supported(kind));
  } else if (!version.empty() && version != "v1") {
    fault("apiVersion", "FieldValueNotSupported",
          "no kind \"" + kind + "\" in version \"" + version + "\": " + kind + " is in \"v1\"");
  }
  return version == "v1" || version.empty() ? found : nullptr;
}

// Kubernetes names the map when a key or a value of it is at fault (labels): what is pointed at is
// the entry of which the text tells.
Position place_of(const Tree& doc, const Fault& fault) {
  constexpr std::string_view kBegin = "Invalid value: \"";
  const Tree* map = find_field(doc, fault.field);
  // Of data the field is the entry itself: its key is what is at fault.
  for (const TreeEntry& top : doc.entries) {
    if (!top.value.is_map() || top.key == "metadata" || !fault.field.starts_with(top.key)) continue;
    for (const TreeEntry& e : top.value.entries) {
      const std::string begin = std::string(kBegin) + e.key + "\": ";
      if (reader::child(top.key, e.key) == fault.field && fault.text.starts_with(begin))
        return e.at;
    }
  }
  if (map != nullptr && map->is_map() && fault.text.starts_with(kBegin)) {
    const std::string_view told = std::string_view(fault.text).substr(kBegin.size());
    const auto named = [told](std::string_view text) {
      return told.starts_with(text) && told.substr(text.size()).starts_with("\": ");
    };
    for (const TreeEntry& e : map->entries) {
      if (named(e.key)) return e.at;
      if (e.value.is_string() && named(e.value.text)) return e.value.at;
    }
  }
  return locate(doc, fault.field);
}

// Faults of a Pod as it was decoded; it gets its defaults.
Faults settle_pod(Manifest& m, std::string_view ns, Bar bar) {
  m.unsupported = unsupported_fields(type_of<Pod>(), &m.pod);
  set_defaults(m.pod, ns);
  Faults found = validate(m.pod);
  if (bar == Bar::kPodctl) {
    Faults more = not_served(m.pod);
    std::move(more.begin(), more.end(), std::back_inserter(found));
  }
  return found;
}

// The same of an object that is only kept.
Faults settle_kept(Manifest& m, std::string_view ns) {
  m.unsupported = unsupported_fields(m.kind->type(), m.kept.get());
  ObjectMeta& meta = m.kind->metadata(m.kept.get());
  if (meta.namespace_.empty()) meta.namespace_ = ns;
  Faults found = m.kind->validate(m.kept.get());
  m.kind->set_defaults(m.kept.get());
  return found;
}

void load_one(Tree doc, std::string_view ns, Bar bar, Loaded& out) {
  const KindInfo* kind = kind_of_document(doc, out.faults);
  if (kind == nullptr) return;
  Manifest m;
  m.kind = kind;
  if (kind->kept()) m.kept = kind->make();
  const auto first = static_cast<std::ptrdiff_t>(out.faults.size());
  decode(doc, kind->type(), kind->kept() ? m.kept.get() : &m.pod, out.faults);
  Faults found = kind->kept() ? settle_kept(m, ns) : settle_pod(m, ns, bar);
  const Repeats repeats(std::span(out.faults).subspan(static_cast<std::size_t>(first)));
  std::erase_if(found, [&](const Fault& f) { return repeats.has(f); });
  for (Fault& f : found) {
    f.at = place_of(doc, f);
  }
  out.faults.insert(out.faults.begin() + first, std::move_iterator(found.begin()),
                    std::move_iterator(found.end()));
  if (keeps_secrets(kind->type()))
    hide_lines(std::span(out.faults).subspan(static_cast<std::size_t>(first)));
  m.tree = std::move(doc);
  out.manifests.push_back(std::move(m));
}

}  // namespace

bool keeps_secrets(const Type& type) {
  return std::any_of(type.fields.begin(), type.fields.end(),
                     [](const Field& f) { return f.hidden; });
}

void hide_secrets(std::string_view text, Faults& faults) {
  if (text.find("Secret") != std::string_view::npos) hide_lines(faults);
}

void sort_by_place(Faults& faults) {
  const auto before = [](const Fault& a, const Fault& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  };
  if (std::is_sorted(faults.begin(), faults.end(), before)) return;
  std::stable_sort(faults.begin(), faults.end(), before);
}

Loaded load_manifests(std::vector<Tree> documents, std::string_view ns, Bar bar) {
  Loaded out;
  for (Tree& doc : documents) load_one(std::move(doc), ns, bar, out);
  sort_by_place(out.faults);
  return out;
}

Loaded load_manifests(std::string_view text, std::string_view ns, Bar bar) {
  Parsed parsed = parse_documents(text);
  hide_secrets(text, parsed.faults);
  Loaded out = load_manifests(std::move(parsed.documents), ns, bar);
  out.faults.insert(out.faults.begin(), parsed.faults.begin(), parsed.faults.end());
  sort_by_place(out.faults);
  return out;
}

}  // namespace podctl::api
