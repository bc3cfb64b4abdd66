// PersistentVolumeClaims: Kubernetes' rules (K ValidatePersistentVolumeClaimSpec and its update),
// and what no directory of a machine could be.
#include <algorithm>

#include "api/validate_parts.hpp"
#include "podctl/api/diff.hpp"

namespace podctl::api {
namespace {

Quantity storage(const PersistentVolumeClaimSpec& spec) {
  if (!spec.resources) return {};
  const auto found = spec.resources->requests.find("storage");
  return found == spec.resources->requests.end() ? Quantity() : found->second;
}

void access_modes(const PersistentVolumeClaimSpec& spec, const Path& at, FaultList& faults) {
  const Path modes = Path::of(at, "accessModes");
  if (spec.accessModes.empty()) faults.required(modes, "at least 1 access mode is required");
  const bool alone =
      std::ranges::find(spec.accessModes, "ReadWriteOncePod") != spec.accessModes.end();
  if (alone && spec.accessModes.size() > 1)
    faults.forbidden(modes, "may not use ReadWriteOncePod with other access modes");
}

void not_served(const PersistentVolumeClaimSpec& spec, const Path& at, FaultList& faults) {
  if (spec.volumeMode == "Block")
    faults.forbidden(Path::of(at, "volumeMode"), "a claim's volume is a directory here");
  if (spec.selector) faults.forbidden(Path::of(at, "selector"), "there are no volumes to choose");
  if (spec.dataSource)
    faults.forbidden(Path::of(at, "dataSource"), "a claim's volume begins empty here");
  if (spec.dataSourceRef)
    faults.forbidden(Path::of(at, "dataSourceRef"), "a claim's volume begins empty here");
}

}  // namespace

void validate_claim_spec(const PersistentVolumeClaimSpec& claim, const Path& at,
                         FaultList& faults) {
  const Path resources = Path::of(at, "resources"), requests = Path::of(resources, "requests"),
             size = Path::of(requests, "storage");
  access_modes(claim, at, faults);
  const Quantity wanted = storage(claim);
  if (!wanted.has_value()) {
    faults.required(size);
  } else if (wanted.sign() <= 0) {
    faults.invalid(size, wanted.str(), "must be greater than zero");
  }
  not_served(claim, at, faults);
}

Faults validate_claim(const PersistentVolumeClaim& claim) {
  Faults out;
  FaultList faults(out);
  const Path root, meta = Path::of(root, "metadata"), spec = Path::of(root, "spec");
  validate_metadata(claim.metadata, meta, faults);
  validate_tables(type_of<PersistentVolumeClaimSpec>(), &claim.spec, spec, faults);
  validate_claim_spec(claim.spec, spec, faults);
  return out;
}

Faults validate_claim_update(const PersistentVolumeClaim& live,
                             const PersistentVolumeClaim& wanted) {
  Faults out;
  FaultList faults(out);
  const Path root, spec = Path::of(root, "spec"), resources = Path::of(spec, "resources"),
                   requests = Path::of(resources, "requests");
  PersistentVolumeClaimSpec rest = wanted.spec;
  rest.resources = live.spec.resources;
  if (!diff(type_of<PersistentVolumeClaimSpec>(), &live.spec, &rest).empty()) {
    faults.forbidden(spec,
                     "spec is immutable after creation except resources.requests and "
                     "volumeAttributesClassName for bound claims");
  }
  if (storage(wanted.spec).value() < storage(live.spec).value()) {
    faults.forbidden(Path::of(requests, "storage"), "field can not be less than status.capacity");
  }
  return out;
}

}  // namespace podctl::api
