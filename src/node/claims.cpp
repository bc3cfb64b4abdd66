#include "node/claims.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <filesystem>

#include "podctl/api/kinds.hpp"
#include "podctl/node/claim_path.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/config_use.hpp"
#include "podctl/node/context.hpp"
#include "podctl/node/events.hpp"
#include "podctl/node/kept_objects.hpp"
#include "podctl/node/machine.hpp"
#include "podctl/node/objects.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/group_tree.hpp"

namespace podctl::node {
namespace {

constexpr const char* kGone = ".gone-";  // no claim's name begins with a dot

const api::KindInfo& kind() { return api::kind_of<api::PersistentVolumeClaim>(); }

bool over(const api::Pod& pod) {
  return pod.status.phase == "Succeeded" || pod.status.phase == "Failed";
}

bool uses(const api::Pod& pod, const Key& claim) {
  return pod.metadata.namespace_ == claim.first && names_config(pod, kind(), claim.second);
}

// The claim of an ephemeral volume, as its template has it and the pod's own.
AdmittedKept claim_of(const api::Pod& pod, const api::Volume& volume) {
  AdmittedKept made{&kind(), kind().make(), {}};
  auto& claim = *static_cast<api::PersistentVolumeClaim*>(made.object.get());
  const auto& wanted = *volume.ephemeral->volumeClaimTemplate;
  claim.kind = kind().kind;
  claim.apiVersion = "v1";
  claim.metadata.name = api::claim_name(pod.metadata, volume);
  claim.metadata.namespace_ = pod.metadata.namespace_;
  claim.metadata.labels = wanted.metadata.labels;
  claim.metadata.annotations = wanted.metadata.annotations;
  claim.metadata.ownerReferences.push_back(
      {"v1", "Pod", pod.metadata.name, pod.metadata.uid, true, true});
  claim.spec = wanted.spec;
  return made;
}

bool came_before(const api::Pod& a, const api::Pod& b) {
  const auto &first = a.metadata, &second = b.metadata;
  const auto at = first.creationTimestamp.seconds(), other = second.creationTimestamp.seconds();
  return at != other ? at < other : first.uid < second.uid;
}

}  // namespace

// kubelet, desired_state_of_world_populator.go and desired_state_of_world.go.
std::string claim_trouble(const Objects& objects, const api::Pod& pod, const api::Volume& volume) {
  const auto& ns = pod.metadata.namespace_;
  const auto claim = api::claim_name(pod.metadata, volume);
  const auto* found = objects.find<api::PersistentVolumeClaim>(ns, claim);
  if (found == nullptr) return "persistentvolumeclaim \"" + claim + "\" not found";
  if (auto why = api::not_made_for(pod.metadata, volume, *found); !why.empty()) return why;
  if (found->status.phase != "Bound") {
    return "PVC " + ns + "/" + claim + " has non-bound phase (\"" + found->status.phase +
           "\") or empty pvc.Spec.VolumeName (\"" + found->spec.volumeName + "\")";
  }
  if (!api::of_one_pod(*found)) return {};
  const bool taken = std::ranges::any_of(objects.pods(), [&](const auto& entry) {
    const api::Pod& other = *entry.second.object;
    return other.metadata.uid != pod.metadata.uid && !other.spec.nodeName.empty() && !over(other) &&
           uses(other, {ns, claim}) && came_before(other, pod);
  });
  return taken ? "volume uses the ReadWriteOncePod access mode and is already in use by another pod"
               : "";
}

std::vector<ClaimVolume> claim_volumes(const api::Pod& pod, const Layout& layout) {
  std::vector<ClaimVolume> volumes;
  const auto& context = pod.spec.securityContext;
  for (const auto& volume : pod.spec.volumes) {
    const auto claim = api::claim_name(pod.metadata, volume);
    if (claim.empty()) continue;
    auto& made = volumes.emplace_back();
    made.name = volume.name;
    made.path = claim_path(layout, pod.metadata.namespace_, claim);
    if (!context || !context->fsGroup) continue;
    made.group = static_cast<std::uint32_t>(*context->fsGroup);
    made.on_mismatch = context->fsGroupChangePolicy == "OnRootMismatch";
  }
  return volumes;
}

Result<void> make_claim_volumes(const std::vector<ClaimVolume>& volumes) {
  const auto make = [](const ClaimVolume& volume) -> Result<void> {
    TRY(sys::make_directories(volume.path, 0777));
    if (!volume.group) return {};
    return sys::give_tree_to_group(volume.path, *volume.group, volume.on_mismatch);
  };
  for (const auto& volume : volumes) {
    if (auto made = make(volume); !made) {
      return fail(made.error().code, std::string(wire::kVolumeFailed), "\"" + volume.name + "\" ",
                  made.error().message());
    }
  }
  return {};
}

void Claims::start() {
  sweep();
  review();
}

void Claims::review() {
  make();
  collect();
  release();
}

// The claims of ephemeral volumes (k8s pkg/controller/volume/ephemeral). One of that name that is
// somebody else's keeps the pod waiting: the scheduler says so.
void Claims::make() {
  std::vector<AdmittedKept> missing;
  for (const auto& [key, record] : context_.objects.pods()) {
    const api::Pod& pod = *record.object;
    if (pod.metadata.deletionTimestamp || over(pod)) continue;
    for (const auto& volume : pod.spec.volumes) {
      if (!volume.ephemeral || !volume.ephemeral->volumeClaimTemplate) continue;
      const auto name = api::claim_name(pod.metadata, volume);
      if (context_.objects.find_kept(kind(), pod.metadata.namespace_, name) == nullptr)
        missing.push_back(claim_of(pod, volume));
    }
  }
  for (auto& claim : missing) {
    kept_.create(std::move(claim), false, [this](const Answer<KeptObjects::Written>& made) {
      if (!made) context_.log("make the claim of an ephemeral volume: " + made.error().message);
    });
  }
}

// A claim that was made for a pod goes with it (k8s pkg/controller/garbagecollector).
void Claims::collect() {
  std::vector<std::pair<Key, std::string>> orphans;
  for (const auto& [key, record] : context_.objects.kept(kind())) {
    const auto& claim = *static_cast<const api::PersistentVolumeClaim*>(record.object.get());
    const auto owner = api::owning_pod(claim);
    const bool owned = std::ranges::any_of(context_.objects.pods(), [&owner](const auto& entry) {
      return entry.second.object->metadata.uid == owner;
    });
    if (!owner.empty() && !owned && !claim.metadata.deletionTimestamp)
      orphans.emplace_back(key, claim.metadata.uid);
  }
  for (const auto& [key, uid] : orphans) {
    kept_.remove(kind(), key.first, key.second, {uid, {}, false},
                 [](const Answer<KeptObjects::Written>&) {});
  }
}

// Volumes whose claim has gone, or which were being removed.
void Claims::sweep() {
  std::error_code error;
  std::vector<Key> stale;
  const std::string top = claims_path(context_.layout);
  for (const auto& ns : std::filesystem::directory_iterator(top, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(ns.path(), error)) {
      Key key{ns.path().filename(), entry.path().filename()};
      if (context_.objects.find_kept(kind(), key.first, key.second) == nullptr)
        stale.push_back(std::move(key));
    }
  }
  for (const auto& [ns, name] : stale) discard(ns, name);
}

// Out of the way at once, so that a claim of the same name begins empty.
void Claims::discard(const std::string& ns, const std::string& name) {
  const std::string gone = claim_path(context_.layout, ns, kGone + new_uuid());
  if (::rename(claim_path(context_.layout, ns, name).c_str(), gone.c_str()) != 0)
    return;  // never used
  context_.offload.run([gone]() -> std::function<void()> {
    (void)sys::remove_tree_and_mounts(gone);
    return {};
  });
}

void Claims::changed(const Change& change) {
  const bool claim = change.kind == kind().kind, gone = change.type == ChangeType::kDeleted;
  if (claim && gone) discard(change.ns, kind().metadata(change.object.get()).name);
  if (claim && change.type == ChangeType::kAdded)
    tell(*static_cast<const api::PersistentVolumeClaim*>(change.object.get()));
  const bool pod = change.kind == "Pod" && change.type != ChangeType::kModified;
  if (reviewing_ || (!claim && !pod)) return;
  reviewing_ = true;
  boost::asio::post(context_.io, [this] {
    reviewing_ = false;
    review();
  });
}

// The words of Kubernetes' controller of volumes.
void Claims::tell(const api::PersistentVolumeClaim& claim) {
  if (claim.status.phase == "Bound") return;
  lifecycle::RecordEvent event;
  event.warning = true;
  event.reason = "ProvisioningFailed";
  event.component = "persistentvolume-controller";
  event.message = "storageclass.storage.k8s.io \"" + claim.spec.storageClassName + "\" not found";
  context_.events.record(kind(), claim.metadata, event, wall_now_ns());
}

// A claim that is to go does so once there is no pod any more that the node was given and that
// names it, over or not (k8s pkg/controller/volume/pvcprotection).
void Claims::release() {
  std::vector<Key> free;
  for (const auto& [key, record] : context_.objects.kept(kind())) {
    if (!kind().metadata(record.object.get()).deletionTimestamp) continue;
    const bool used = std::ranges::any_of(context_.objects.pods(), [&key](const auto& entry) {
      return !entry.second.object->spec.nodeName.empty() && uses(*entry.second.object, key);
    });
    if (!used) free.push_back(key);
  }
  for (const Key& key : free) kept_.drop_finalizer(kind(), key, api::kClaimProtection);
}

}  // namespace podctl::node
