#include "podctl/node/config_use.hpp"

#include <algorithm>

#include "podctl/api/claim.hpp"

namespace podctl::node {
namespace {

class Search {
 public:
  Search(bool secret, const std::string& name) : secret_(secret), name_(name) {}

  bool in(const api::Container& container) const {
    return std::ranges::any_of(container.envFrom,
                               [this](const api::EnvFromSource& from) {
                                 return is(from.configMapRef, from.secretRef);
                               }) ||
           std::ranges::any_of(container.env, [this](const api::EnvVar& entry) {
             return entry.valueFrom &&
                    is(entry.valueFrom->configMapKeyRef, entry.valueFrom->secretKeyRef);
           });
  }

  bool in(const api::Volume& volume) const {
    if (volume.secret && secret_ && volume.secret->secretName == name_) return true;
    if (volume.configMap && !secret_ && volume.configMap->name == name_) return true;
    if (!volume.projected) return false;
    return std::ranges::any_of(volume.projected->sources, [this](const auto& source) {
      return is(source.configMap, source.secret);
    });
  }

 private:
  template <class MapReference, class SecretReference>
  bool is(const MapReference& map, const SecretReference& secret) const {
    return secret_ ? secret && secret->name == name_ : map && map->name == name_;
  }

  bool secret_;
  const std::string& name_;
};

}  // namespace

bool names_config(const api::Pod& pod, const api::KindInfo& kind, const std::string& name) {
  if (&kind == &api::kind_of<api::PersistentVolumeClaim>()) {
    return std::ranges::any_of(pod.spec.volumes, [&](const api::Volume& volume) {
      return api::claim_name(pod.metadata, volume) == name;
    });
  }
  const bool secret = &kind == &api::kind_of<api::Secret>();
  if (!secret && &kind != &api::kind_of<api::ConfigMap>()) return false;
  const Search search(secret, name);
  const auto found = [&search](const auto& what) { return search.in(what); };
  const auto& spec = pod.spec;
  return std::ranges::any_of(spec.volumes, found) || std::ranges::any_of(spec.containers, found) ||
         std::ranges::any_of(spec.initContainers, found) ||
         std::ranges::any_of(spec.ephemeralContainers, found);
}

}  // namespace podctl::node
