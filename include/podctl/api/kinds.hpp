// The kinds of objects there are: their names, their fields, and for those that podctld only keeps
// (no processes belong to them) what one has to fulfil. The one table behind manifests, routes,
// discovery, the CLI's types and explain.
//
// Used by every program but the hands. To add a kind that is only kept: its struct and field table,
// a row in src/api/kinds.cpp, its columns in src/server/table.cpp. Pure data and functions.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "podctl/api/claim.hpp"
#include "podctl/api/config.hpp"
#include "podctl/api/meta.hpp"
#include "podctl/api/table.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

struct KindInfo {
  std::string_view kind;  // "ConfigMap"; all are of apiVersion v1
  std::string_view plural, singular, short_name;
  bool namespaced = true;
  std::string_view verbs;  // of the API, by commas
  const Type& (*type)() = nullptr;

  // Null where podctld does more than keep it. An object goes through them in this order.
  std::shared_ptr<void> (*make)() = nullptr;
  // As it was written, but for its namespace; Kubernetes' wording, all faults.
  Faults (*validate)(const void* object) = nullptr;
  void (*set_defaults)(void* object) = nullptr;
  // Before all of these, when it is an update: what is left out and stays as it is. May be null.
  void (*inherit)(const void* live, void* wanted) = nullptr;
  // What may not become of `live`; both with defaults.
  Faults (*validate_update)(const void* live, const void* wanted) = nullptr;

  bool kept() const { return make != nullptr; }
  ObjectMeta& metadata(void* object) const;
  const ObjectMeta& metadata(const void* object) const;
};

// In the order in which they are listed.
std::span<const KindInfo> kinds();
// By the name in manifests ("ConfigMap"), or by that in paths ("configmaps"); null.
const KindInfo* find_kind(std::string_view kind);
const KindInfo* find_plural(std::string_view plural);

// The row of a type. Only types of the table have one.
template <class T>
const KindInfo& kind_of() {
  static const KindInfo& found = []() -> const KindInfo& {
    for (const KindInfo& k : kinds()) {
      if (&k.type() == &type_of<T>()) return k;
    }
    __builtin_unreachable();
  }();
  return found;
}

// Calls `work.operator()<T>()` with the type of a kind that is only kept: the one list of them
// for code that is generic over types.
template <class F>
auto with_kept_type(const KindInfo& kind, F&& work) {
  if (kind.kind == kind_of<Secret>().kind) return work.template operator()<Secret>();
  if (kind.kind == kind_of<ConfigMap>().kind) return work.template operator()<ConfigMap>();
  if (kind.kind == kind_of<PersistentVolumeClaim>().kind)
    return work.template operator()<PersistentVolumeClaim>();
  __builtin_unreachable();
}

}  // namespace podctl::api
