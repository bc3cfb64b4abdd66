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

// apiVersion and kind; false when this is no Pod of v1. A Pod without a version is one all the
// same, so that its other faults are told too.
bool is_pod(const Tree& doc, Faults& faults) {
  auto fault = [&](std::string_view field, std::string_view code, std::string text) {
    faults.push_back({std::string(field), std::string(code), std::move(text), locate(doc, field)});
  };
  if (!doc.is_map()) {
    faults.push_back(
        {"", "FieldValueTypeInvalid",
         "an object is a map with apiVersion and kind, not a " + std::string(kind_name(doc.kind)),
         doc.at});
    return false;
  }
  std::string kind(doc.string_at("kind")), version(doc.string_at("apiVersion"));
  if (kind.empty()) {
    fault("kind", "FieldValueRequired", "Required value");
    report_slips(doc, faults);
  }
  if (version.empty()) fault("apiVersion", "FieldValueRequired", "Required value");
  if (!kind.empty() && kind != "Pod") {
    fault("kind", "FieldValueNotSupported",
          "kind \"" + kind + "\" is not supported: podctl runs objects of kind \"Pod\"");
  } else if (!version.empty() && version != "v1") {
    fault("apiVersion", "FieldValueNotSupported",
          "no kind \"" + kind + "\" in version \"" + version + "\": Pod is in \"v1\"");
  }
  return kind == "Pod" && (version == "v1" || version.empty());
}

// Kubernetes names the map when a key or a value of it is at fault (labels): what is pointed at is
// the entry of which the text tells.
Position place_of(const Tree& doc, const Fault& fault) {
  constexpr std::string_view kBegin = "Invalid value: \"";
  const Tree* map = find_field(doc, fault.field);
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

void load_one(Tree doc, std::string_view ns, Bar bar, Loaded& out) {
  if (!is_pod(doc, out.faults)) return;
  Manifest m;
  const auto first = static_cast<std::ptrdiff_t>(out.faults.size());
  decode(doc, type_of<Pod>(), &m.pod, out.faults);
  m.unsupported = unsupported_fields(m.pod);
  set_defaults(m.pod, ns);
  Faults found = validate(m.pod);
  if (bar == Bar::kPodctl) {
    Faults more = not_served(m.pod);
    std::move(more.begin(), more.end(), std::back_inserter(found));
  }
  const Repeats repeats(std::span(out.faults).subspan(static_cast<std::size_t>(first)));
  std::erase_if(found, [&](const Fault& f) { return repeats.has(f); });
  for (Fault& f : found) f.at = place_of(doc, f);
  out.faults.insert(out.faults.begin() + first, std::move_iterator(found.begin()),
                    std::move_iterator(found.end()));
  m.tree = std::move(doc);
  out.manifests.push_back(std::move(m));
}

}  // namespace

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
  Loaded out = load_manifests(std::move(parsed.documents), ns, bar);
  out.faults.insert(out.faults.begin(), parsed.faults.begin(), parsed.faults.end());
  sort_by_place(out.faults);
  return out;
}

}  // namespace podctl::api
