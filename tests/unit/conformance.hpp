// What podctl does with each field of a Pod, found out by asking it: a pod with that field alone is
// held against the same functions that apply and podctld call.
//
// Used by the test that keeps docs/conformance.md. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/decode.hpp"
#include "podctl/api/served.hpp"
#include "podctl/api/support.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"

namespace podctl::api::conformance {

// A field by the way to it, through lists and maps: "spec.containers.env.name".
struct FieldPath {
  std::string path;
  std::vector<const Type*> owners;  // of each step
  std::vector<const Field*> steps;

  const Field& field() const { return *steps.back(); }
  bool in_status() const { return path == "status" || path.starts_with("status."); }
  bool explained_as_supported() const {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!supported(*owners[i], *steps[i])) return false;
    }
    return true;
  }
};

// As `podctl explain pod --recursive` walks them, in the order of Kubernetes' own types.
inline void walk(const Type& type, const FieldPath& up, std::vector<FieldPath>& out) {
  for (const Field& f : type.fields) {
    FieldPath here = up;
    here.path += (up.path.empty() ? "" : ".") + std::string(f.name);
    here.owners.push_back(&type);
    here.steps.push_back(&f);
    out.push_back(here);
    if (f.kind == Kind::kStruct) walk(f.type(), here, out);
  }
}

inline std::vector<FieldPath> every_path() {
  std::vector<FieldPath> out;
  walk(type_of<Pod>(), {}, out);
  return out;
}

// Where not every value is acted on: one that is, and one that is not. A map's value is its key.
struct Values {
  std::string_view end_of_path;
  std::string_view taken, other;
};
inline constexpr std::array kValues{
    Values{"sysctls.name", "net.ipv4.tcp_syncookies", "vm.swappiness"},
    Values{"spec.priorityClassName", "system-node-critical", "mine"},
    Values{"resources.limits", "memory", "k"},
    Values{"resources.requests", "memory", "k"},
};

inline const Values* values_of(const FieldPath& p) {
  const auto found = std::ranges::find_if(
      kValues, [&](const Values& v) { return ("." + p.path).ends_with(v.end_of_path); });
  return found == kValues.end() ? nullptr : &*found;
}

// The values that explain names; none where it names none.
inline std::vector<std::string> explained_values(const FieldPath& p) {
  constexpr std::string_view kMark = "supported: ";
  const std::string word = support_word(*p.owners.back(), p.field());
  std::vector<std::string> out;
  if (!word.starts_with(kMark)) return out;
  for (const auto v : text::split(std::string_view(word).substr(kMark.size()), ',')) {
    out.emplace_back(v.substr(v.starts_with(' ') ? 1 : 0));
  }
  return out;
}

// One value in JSON: `word`, or anything that the field's type takes.
inline std::string sample(const Field& f, const std::string& word) {
  const auto quoted = [&](std::string_view any) {
    return "\"" + (word.empty() ? std::string(any) : word) + "\"";
  };
  switch (f.kind) {
    case Kind::kBool:
      return word.empty() ? "true" : word;
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kIntOrString:
      return word.empty() ? "1" : word;
    case Kind::kQuantity:
      return "\"1\"";
    case Kind::kTime:
      return quoted("2026-07-01T10:00:00Z");
    case Kind::kBytes:
      return quoted("AA==");
    case Kind::kRaw:
      return "{}";
    case Kind::kStruct: {
      const Field& first = f.type().fields.front();
      const std::string inner = sample(first, "");
      return "{\"" + std::string(first.name) + "\":" +
             (first.shape == Shape::kList  ? "[" + inner + "]"
              : first.shape == Shape::kMap ? "{\"k\":" + inner + "}"
                                           : inner) +
             "}";
    }
    case Kind::kString:
      break;
  }
  return quoted(f.values.empty() ? "x" : f.values.front());
}

// A pod in JSON that has nothing but this field.
inline std::string pod_with(const FieldPath& p, const std::string& word) {
  std::string out;
  for (std::size_t i = p.steps.size(); i-- > 0;) {
    const Field& f = *p.steps[i];
    const bool last = i + 1 == p.steps.size();
    if (last) out = sample(f, f.shape == Shape::kMap ? "" : word);
    if (f.shape == Shape::kList) out = "[" + out + "]";
    if (f.shape == Shape::kMap) {
      out = "{\"" + (last && !word.empty() ? word : std::string("k")) + "\":" + out + "}";
    }
    out = "{\"" + std::string(f.name) + "\":" + out + "}";
  }
  return out;
}

struct Outcome {
  enum class Is : std::uint8_t { kActedOn, kRefused, kWarnedOf } is = Is::kActedOn;
  std::string at;   // what is refused or warned of: the field, or what it lies in
  std::string why;  // of a refusal
};

// "spec.containers[0].image=x" as "spec.containers.image".
inline std::string plain(std::string_view path) {
  std::string out;
  int depth = 0;
  for (const char c : path.substr(0, path.find('='))) {
    if (c == '[') ++depth;
    if (depth == 0) out += c;
    if (c == ']') --depth;
  }
  return out;
}

inline bool within(std::string_view path, std::string_view outer) {
  return path.starts_with(outer) && (path.size() == outer.size() || path[outer.size()] == '.');
}

// A fault's text without Kubernetes' word for all of its kind.
inline std::string without_code(const std::string& text) {
  constexpr std::string_view kCode = "Forbidden: ";
  return text.starts_with(kCode) ? text.substr(kCode.size()) : text;
}

inline Faults refusals(const Pod& pod, bool ephemeral) {
  Faults out = not_served(pod);
  Faults more = ephemeral ? validate_ephemeral({}, pod.spec.ephemeralContainers) : validate(pod);
  for (Fault& fault : more) {
    // Of the faults of a value only the one that no value would mend.
    if (fault.code == "FieldValueForbidden" ||
        fault.text.find("must not be set") != fault.text.npos)
      out.push_back(std::move(fault));
  }
  return out;
}

// What Kubernetes asks for beside a field: a stop signal needs the system that it is of, and only
// an init container that stays has probes and hooks.
inline void complete(const FieldPath& p, Pod& pod) {
  if (p.path.ends_with(".stopSignal")) pod.spec.os.emplace().name = "linux";
  for (auto& c : pod.spec.initContainers) {
    if (c.restartPolicy.empty()) c.restartPolicy = "Always";
  }
}

// Of the whole field, or of one key of a map.
inline Outcome outcome_of(const FieldPath& p, const std::string& word = "") {
  const std::string text = pod_with(p, word);
  Pod pod;
  if (const Faults faults = decode_json(text, pod, Unknown::kFault); !faults.empty()) {
    return {Outcome::Is::kRefused, p.path, "cannot be tried: " + text + ": " + faults[0].text};
  }
  complete(p, pod);
  std::string path = p.path;
  if (p.field().shape == Shape::kMap && !word.empty()) path += "." + word;
  for (const Fault& fault : refusals(pod, within(path, "spec.ephemeralContainers"))) {
    if (const std::string at = plain(fault.field); within(path, at))
      return {Outcome::Is::kRefused, at, without_code(fault.text)};
  }
  for (const std::string& warning : unsupported_fields(pod)) {
    if (const std::string at = plain(warning); within(path, at))
      return {Outcome::Is::kWarnedOf, at, ""};
  }
  return {};
}

}  // namespace podctl::api::conformance
