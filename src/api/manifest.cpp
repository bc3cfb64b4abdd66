#include "podctl/api/manifest.hpp"

#include <algorithm>

#include "podctl/api/decode.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/api/support.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

// Whether a fault at `path` only repeats one that decoding found at, above or below it.
bool repeats(const Faults& decoded, std::string_view path) {
  auto below = [](std::string_view a, std::string_view b) {
    return a.substr(0, b.size()) == b &&
           (a.size() == b.size() || a[b.size()] == '.' || a[b.size()] == '[');
  };
  return std::any_of(decoded.begin(), decoded.end(), [&](const Fault& f) {
    return f.code == "FieldValueTypeInvalid" && !f.field.empty() &&
           (below(path, f.field) || below(f.field, path));
  });
}

// apiVersion and kind; false when this is no Pod of v1.
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
  if (kind.empty()) fault("kind", "FieldValueRequired", "Required value");
  if (version.empty()) fault("apiVersion", "FieldValueRequired", "Required value");
  if (!kind.empty() && kind != "Pod") {
    fault("kind", "FieldValueNotSupported",
          "kind \"" + kind + "\" is not supported: podctl runs objects of kind \"Pod\"");
  } else if (!version.empty() && version != "v1") {
    fault("apiVersion", "FieldValueNotSupported",
          "no kind \"" + kind + "\" in version \"" + version + "\": Pod is in \"v1\"");
  }
  return kind == "Pod" && version == "v1";
}

void load_one(Tree doc, std::string_view ns, Loaded& out) {
  if (!is_pod(doc, out.faults)) return;
  Manifest m;
  Faults decoded = decode(doc, m.pod);
  m.unsupported = unsupported_fields(m.pod);
  set_defaults(m.pod, ns);
  for (Fault& f : validate(m.pod)) {
    if (repeats(decoded, f.field)) continue;
    f.at = locate(doc, f.field);
    out.faults.push_back(std::move(f));
  }
  std::move(decoded.begin(), decoded.end(), std::back_inserter(out.faults));
  m.tree = std::move(doc);
  out.manifests.push_back(std::move(m));
}

}  // namespace

Loaded load_manifests(std::string_view text, std::string_view ns) {
  Loaded out;
  Parsed parsed = parse_documents(text);
  out.faults = std::move(parsed.faults);
  for (Tree& doc : parsed.documents) load_one(std::move(doc), ns, out);
  std::stable_sort(out.faults.begin(), out.faults.end(), [](const Fault& a, const Fault& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  return out;
}

}  // namespace podctl::api
