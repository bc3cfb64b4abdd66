#include "podctl/scenario/load.hpp"

#include <algorithm>
#include <set>

#include "podctl/api/decode.hpp"
#include "podctl/api/duration.hpp"
#include "podctl/base/text.hpp"
#include "scenario/checks.hpp"

namespace podctl::scenario {
namespace {

bool is_test(const api::Tree& doc) {
  return doc.string_at("kind") == kKind ||
         doc.string_at("apiVersion").starts_with("test.podctl.dev/");
}

void sort(api::Faults& faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
}

void place(api::Faults& faults, const api::Tree& doc) {
  for (auto& fault : faults) fault.at = api::locate(doc, fault.field);
}

bool right_version(const api::Tree& doc, api::Faults& faults) {
  const auto kind = doc.string_at("kind"), version = doc.string_at("apiVersion");
  if (kind == kKind && version == kApiVersion) return true;
  const bool of_kind = kind == kKind;
  const std::string field = of_kind ? "apiVersion" : "kind";
  const std::string wanted(of_kind ? kApiVersion : kKind);
  const std::string found(of_kind ? version : kind);
  faults.push_back({field, found.empty() ? "FieldValueRequired" : "FieldValueNotSupported",
                    (found.empty() ? "Required value: " : "\"" + found + "\" is not supported: ") +
                        "\"" + wanted + "\" is",
                    api::locate(doc, field)});
  return false;
}

// Whether decoding has found a fault at this field, above or below it: then what is wrong with its
// value is told already.
bool told(const api::Faults& decoded, const std::string& field) {
  const auto holds = [](const std::string& outer, const std::string& inner) {
    return inner.starts_with(outer) && (inner.size() == outer.size() ||
                                        inner[outer.size()] == '.' || inner[outer.size()] == '[');
  };
  return std::any_of(decoded.begin(), decoded.end(), [&](const api::Fault& f) {
    return holds(f.field, field) || holds(field, f.field);
  });
}

void load_one(api::Tree doc, Loaded& out) {
  if (!right_version(doc, out.faults)) return;
  Loaded::Test loaded;
  auto decoded = api::decode(doc, loaded.test);
  auto checked = check_values(loaded.test);
  std::erase_if(checked, [&](const api::Fault& f) { return told(decoded, f.field); });
  place(checked, doc);
  std::move(decoded.begin(), decoded.end(), std::back_inserter(out.faults));
  std::move(checked.begin(), checked.end(), std::back_inserter(out.faults));
  loaded.tree = std::move(doc);
  out.tests.push_back(std::move(loaded));
}

void report_twins(Loaded& out) {
  std::set<std::string> names;
  for (const auto& test : out.tests) {
    const auto& name = test.test.metadata.name;
    if (name.empty() || names.insert(name).second) continue;
    out.faults.push_back({"metadata.name", "FieldValueDuplicate",
                          "Duplicate value: \"" + name + "\"",
                          api::locate(test.tree, "metadata.name")});
  }
}

}  // namespace

bool holds_tests(std::string_view text) {
  if (text.find(kKind) == std::string_view::npos &&
      text.find("test.podctl.dev") == std::string_view::npos) {
    return false;
  }
  const auto parsed = api::parse_documents(text);
  // What cannot be read but speaks of tests is to be told of, not passed over.
  return !parsed.faults.empty() ||
         std::any_of(parsed.documents.begin(), parsed.documents.end(), is_test);
}

Loaded load(std::string_view text) {
  Loaded out;
  auto parsed = api::parse_documents(text);
  out.faults = std::move(parsed.faults);
  api::hide_secrets(text, out.faults);
  std::vector<api::Tree> pods;
  for (auto& doc : parsed.documents) {
    if (is_test(doc)) {
      load_one(std::move(doc), out);
    } else {
      pods.push_back(std::move(doc));
    }
  }
  auto loaded = api::load_manifests(std::move(pods));
  out.manifests = std::move(loaded.manifests);
  std::move(loaded.faults.begin(), loaded.faults.end(), std::back_inserter(out.faults));
  report_twins(out);
  sort(out.faults);
  return out;
}

api::Faults check_names(const Loaded::Test& test, const std::vector<const api::Pod*>& pods) {
  auto faults = check_references(test.test, pods);
  place(faults, test.tree);
  sort(faults);
  return faults;
}

std::uint64_t duration_ns(std::string_view text) {
  return static_cast<std::uint64_t>(api::parse_duration(text).value_or(0));
}

bool runs_in(const PodTest& test, std::string_view mode) {
  const auto& modes = test.spec.modes;
  return modes.empty() || std::find(modes.begin(), modes.end(), mode) != modes.end();
}

}  // namespace podctl::scenario
