#include "podctl/node/kept_objects.hpp"

#include <algorithm>

#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/support.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/machine.hpp"

namespace podctl::node {
namespace {

std::string json_of(const api::KindInfo& kind, const void* object) {
  std::string json;
  api::encode_json(kind.type(), object, json);
  return json;
}

void warn_unsupported(AdmittedKept& admitted) {
  for (const auto& path : api::unsupported_fields(admitted.kind->type(), admitted.object.get()))
    admitted.warnings.push_back(path + ": podctl does not act on this field yet");
}

// What is the server's own in an object's metadata, whatever an update says.
void keep_identity(const api::ObjectMeta& live, api::ObjectMeta& wanted) {
  wanted.name = live.name;
  wanted.namespace_ = live.namespace_;
  wanted.generateName = live.generateName;
  wanted.uid = live.uid;
  wanted.resourceVersion = live.resourceVersion;
  wanted.generation = live.generation;
  wanted.creationTimestamp = live.creationTimestamp;
  wanted.deletionTimestamp = live.deletionTimestamp;
  wanted.deletionGracePeriodSeconds = live.deletionGracePeriodSeconds;
  wanted.selfLink.clear();
}

Answer<void> check_versions(const api::KindInfo& kind, const api::ObjectMeta& live,
                            const std::string& uid, const std::string& version) {
  if (!uid.empty() && uid != live.uid) {
    return Refused(conflict(
        kind.plural, live.name,
        "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + live.uid));
  }
  if (!version.empty() && version != live.resourceVersion)
    return Refused(conflict(kind.plural, live.name));
  return {};
}

// An object that is being deleted gets no new finalizers (K apimachinery ValidateObjectMetaUpdate).
void check_finalizers(const api::ObjectMeta& live, const api::ObjectMeta& wanted,
                      std::vector<Cause>& causes) {
  if (!live.deletionTimestamp) return;
  for (const auto& name : wanted.finalizers) {
    if (std::ranges::find(live.finalizers, name) != live.finalizers.end()) continue;
    causes.push_back({"FieldValueForbidden",
                      "Forbidden: no new finalizers can be added if the object is being deleted, "
                      "found new finalizers []string{\"" +
                          name + "\"}",
                      "metadata.finalizers"});
  }
}

// An object of the same text, to be changed.
std::shared_ptr<void> copy_of(const api::KindInfo& kind, const KeptRecord& record) {
  auto object = kind.make();
  static_cast<void>(api::decode_json(*record.json, kind.type(), object.get()));
  return object;
}

}  // namespace

Answer<AdmittedKept> decode_kept(const api::KindInfo& kind, std::string_view body, bool yaml,
                                 std::string_view ns, FieldValidation validation) {
  AdmittedKept admitted{&kind, kind.make(), {}};
  auto warnings = decode_object(kind, admitted.object.get(), body, yaml, ns, validation);
  if (!warnings) return Refused(warnings.error());
  admitted.warnings = std::move(*warnings);
  return admitted;
}

Answer<AdmittedKept> admit_new_kept(AdmittedKept admitted, std::string_view uid,
                                    std::uint64_t wall_ns) {
  const auto& kind = *admitted.kind;
  void* object = admitted.object.get();
  auto& meta = kind.metadata(object);
  warn_unsupported(admitted);
  generate_name(meta, uid);
  auto causes = to_causes(kind.validate(object));
  if (!causes.empty()) return Refused(invalid(kind.kind, meta.name, std::move(causes)));
  meta.uid = uid;
  meta.creationTimestamp = to_time(wall_ns);
  meta.deletionTimestamp.reset();
  meta.deletionGracePeriodSeconds.reset();
  meta.generation.reset();
  meta.resourceVersion.clear();
  meta.selfLink.clear();
  kind.set_defaults(object);
  return admitted;
}

Answer<AdmittedKept> admit_kept_update(const void* live, AdmittedKept wanted) {
  const auto& kind = *wanted.kind;
  void* object = wanted.object.get();
  auto& meta = kind.metadata(object);
  const auto& before = kind.metadata(live);
  if (auto same = check_versions(kind, before, meta.uid, meta.resourceVersion); !same)
    return Refused(same.error());
  warn_unsupported(wanted);
  if (kind.inherit != nullptr) kind.inherit(live, object);
  auto causes = to_causes(kind.validate(object));
  keep_identity(before, meta);
  kind.set_defaults(object);
  for (auto& cause : to_causes(kind.validate_update(live, object)))
    causes.push_back(std::move(cause));
  check_finalizers(before, meta, causes);
  if (!causes.empty()) return Refused(invalid(kind.kind, before.name, std::move(causes)));
  return wanted;
}

void KeptObjects::create(AdmittedKept decoded, bool dry_run, const Reply& reply) {
  auto admitted = admit_new_kept(std::move(decoded), new_uuid(), wall_now_ns());
  if (!admitted) return reply(Refused(admitted.error()));
  const auto& kind = *admitted->kind;
  const auto& meta = kind.metadata(admitted->object.get());
  if (objects_.find_kept(kind, meta.namespace_, meta.name) != nullptr)
    return reply(Refused(already_exists(kind.plural, meta.name)));
  if (dry_run) {
    auto json = std::make_shared<const std::string>(json_of(kind, admitted->object.get()));
    return reply(Written{std::move(json), std::move(admitted->warnings), false, meta.uid});
  }
  put(kind, std::move(admitted->object), std::move(admitted->warnings), reply);
}

void KeptObjects::update(const std::string& ns, const std::string& name, AdmittedKept wanted,
                         bool dry_run, const Reply& reply) {
  const auto& kind = *wanted.kind;
  const auto* live = objects_.find_kept(kind, ns, name);
  if (live == nullptr) return reply(Refused(not_found(kind.plural, name)));
  auto admitted = admit_kept_update(live->object.get(), std::move(wanted));
  if (!admitted) return reply(Refused(admitted.error()));
  const auto& meta = kind.metadata(admitted->object.get());
  auto json = json_of(kind, admitted->object.get());
  // What changes nothing gets no new version, as in Kubernetes.
  if (dry_run || json == *live->json) {
    return reply(Written{std::make_shared<const std::string>(std::move(json)),
                         std::move(admitted->warnings), false, meta.uid});
  }
  if (meta.deletionTimestamp && meta.finalizers.empty())
    return erase(kind, {ns, name}, std::move(admitted->warnings), reply);
  put(kind, std::move(admitted->object), std::move(admitted->warnings), reply);
}

void KeptObjects::remove(const api::KindInfo& kind, const std::string& ns, const std::string& name,
                         const Removal& request, const Reply& reply) {
  const auto* record = objects_.find_kept(kind, ns, name);
  if (record == nullptr) return reply(Refused(not_found(kind.plural, name)));
  const auto& meta = kind.metadata(record->object.get());
  if (auto same = check_versions(kind, meta, request.uid, request.resource_version); !same)
    return reply(Refused(same.error()));
  const bool held = !meta.finalizers.empty();
  if (request.dry_run || (held && meta.deletionTimestamp))
    return reply(Written{record->json, {}, !held, meta.uid});
  if (!held) return erase(kind, {ns, name}, {}, reply);
  auto going = copy_of(kind, *record);
  kind.metadata(going.get()).deletionTimestamp = to_time(wall_now_ns());
  kind.metadata(going.get()).deletionGracePeriodSeconds = 0;
  // Nothing may have held it by the time that this is stored.
  const Written gone{record->json, {}, true, meta.uid};
  put(kind, std::move(going), {}, [reply, gone](Answer<Written> marked) {
    if (!marked && marked.error().reason == "NotFound") return reply(gone);
    reply(std::move(marked));
  });
}

void KeptObjects::drop_finalizer(const api::KindInfo& kind, const Key& key,
                                 const std::string& finalizer) {
  const auto* record = objects_.find_kept(kind, key.first, key.second);
  if (record == nullptr) return;
  auto object = copy_of(kind, *record);
  auto& meta = kind.metadata(object.get());
  if (std::erase(meta.finalizers, finalizer) == 0) return;
  const Reply ignored = [](const Answer<Written>&) {};
  if (meta.deletionTimestamp && meta.finalizers.empty()) return erase(kind, key, {}, ignored);
  put(kind, std::move(object), {}, ignored);
}

// Seen by readers at once; what cannot be stored is taken back.
void KeptObjects::put(const api::KindInfo& kind, std::shared_ptr<void> object,
                      std::vector<std::string> warnings, const Reply& reply) {
  const api::ObjectMeta& meta = kind.metadata(object.get());
  if (closed_()) {
    return reply(Refused(refusal_from(
        Error{Code::kUnavailable, 0, "store", meta.name, "podctl is being reset", {}})));
  }
  const Key key{meta.namespace_, meta.name};
  const auto* live = objects_.find_kept(kind, key.first, key.second);
  const auto before = live == nullptr ? nullptr : copy_of(kind, *live);
  auto done = [this, &kind, key, before, uid = meta.uid, warnings = std::move(warnings),
               reply](const Result<void>& stored) {
    if (!stored) {
      if (before) {
        objects_.put_kept(kind, before, {});
      } else {
        objects_.erase_kept(kind, key, {});
      }
      return reply(Refused(refusal_from(stored.error())));
    }
    const auto* record = objects_.find_kept(kind, key.first, key.second);
    // Another one of that name may have been made meanwhile.
    if (record == nullptr || kind.metadata(record->object.get()).uid != uid)
      return reply(Refused(not_found(kind.plural, key.second)));
    reply(Written{record->json, warnings, false, uid});
  };
  objects_.put_kept(kind, std::move(object), std::move(done));
}

void KeptObjects::erase(const api::KindInfo& kind, const Key& key,
                        std::vector<std::string> warnings, const Reply& reply) {
  const auto* record = objects_.find_kept(kind, key.first, key.second);
  const Written gone{record->json, std::move(warnings), true,
                     kind.metadata(record->object.get()).uid};
  // A removal that could not be committed is done with the next commit that succeeds.
  objects_.erase_kept(kind, key, [gone, reply](const Result<void>&) { reply(gone); });
}

}  // namespace podctl::node
