// An object's metadata: names, labels, annotations, owners, finalizers (K
// apimachinery/pkg/api/validation/objectmeta.go).
//
// managedFields are not looked at: the API server drops what it cannot read of them and makes them
// anew.
#include <algorithm>
#include <array>

#include "api/validate_parts.hpp"
#include "podctl/api/table.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

constexpr std::size_t kAnnotationBytes = 256 * 1024;
constexpr std::string_view kOrphan = "orphan", kForeground = "foregroundDeletion";
// The finalizers that need no domain.
constexpr std::array<std::string_view, 3> kFinalizers{"kubernetes", kOrphan, kForeground};

void names(const ObjectMeta& meta, const Path& at, FaultList& faults) {
  if (!meta.name.empty()) {
    faults.check(Path::of(at, "name"), meta.name, check_dns_subdomain(meta.name));
  } else if (meta.generateName.empty()) {
    faults.required(Path::of(at, "name"), "name or generateName is required");
  } else {
    std::string_view base = meta.generateName;
    if (base.back() == '-') base.remove_suffix(1);
    faults.check(Path::of(at, "generateName"), meta.generateName, check_dns_subdomain(base));
  }
  faults.check(Path::of(at, "namespace"), meta.namespace_, check_dns_label(meta.namespace_));
}

void annotations(const ObjectMeta& meta, const Path& at, FaultList& faults) {
  std::size_t size = 0;
  for (const auto& [key, value] : meta.annotations) {
    size += key.size() + value.size();
    std::string low = key;
    for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    faults.check(at, key, check_qualified_name(low));
  }
  if (size > kAnnotationBytes) faults.too_long(at, kAnnotationBytes);
}

// VERSION or GROUP/VERSION.
bool has_version(std::string_view api_version) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return true;
  const auto version = api_version.substr(slash + 1);
  return !version.empty() && version.find('/') == std::string_view::npos;
}

void owners(const ObjectMeta& meta, const Path& at, FaultList& faults) {
  std::string controller;
  for (std::size_t i = 0; i < meta.ownerReferences.size(); ++i) {
    const OwnerReference& owner = meta.ownerReferences[i];
    const Path here = Path::of(at, i);
    validate_tables(type_of<OwnerReference>(), &owner, here, faults);
    if (!has_version(owner.apiVersion)) {
      faults.invalid(Path::of(here, "apiVersion"), owner.apiVersion, "version must not be empty");
    }
    if (owner.apiVersion == "v1" && owner.kind == "Event")
      faults.invalid(here, "", "/v1, Kind=Event is disallowed from being an owner");
    if (!owner.controller.value_or(false)) continue;
    const std::string name = owner.kind + "/" + owner.name;
    if (!controller.empty()) {
      faults.invalid(Path::of(here, "controller"), "true",
                     "Only one reference can have Controller set to true. Found \"true\" in "
                     "references for " +
                         controller + " and " + name);
    } else {
      controller = name;
    }
  }
}

void finalizers(const ObjectMeta& meta, const Path& at, FaultList& faults) {
  const auto& all = meta.finalizers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string why = check_qualified_name(all[i]);
    const bool plain = all[i].find('/') == std::string::npos;
    if (why.empty() && plain && std::ranges::find(kFinalizers, all[i]) == kFinalizers.end())
      why = "name is neither a standard finalizer name nor is it fully qualified";
    faults.check(Path::of(at, i), all[i], why);
  }
  const auto has = [&all](std::string_view name) {
    return std::ranges::find(all, name) != all.end();
  };
  if (has(kOrphan) && has(kForeground)) {
    faults.invalid(at, kForeground, "finalizer orphan and foregroundDeletion cannot be both set");
  }
}

}  // namespace

void validate_labels(const std::map<std::string, std::string>& labels, const Path& at,
                     FaultList& faults) {
  for (const auto& [key, value] : labels) {
    faults.check(at, key, check_qualified_name(key));
    faults.check(at, value, check_label_value(value));
  }
}

namespace {

void marks(const ObjectMeta& meta, const Path& at, FaultList& faults) {
  validate_labels(meta.labels, Path::of(at, "labels"), faults);
  annotations(meta, Path::of(at, "annotations"), faults);
}

}  // namespace

Faults validate_marks(const ObjectMeta& meta) {
  Faults out;
  FaultList faults(out);
  const Path root;
  marks(meta, Path::of(root, "metadata"), faults);
  return out;
}

void validate_metadata(const ObjectMeta& meta, const Path& at, FaultList& faults) {
  names(meta, at, faults);
  marks(meta, at, faults);
  owners(meta, Path::of(at, "ownerReferences"), faults);
  finalizers(meta, Path::of(at, "finalizers"), faults);
}

}  // namespace podctl::api
