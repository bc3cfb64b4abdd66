// From a request's body to a Pod that may be stored, or the reasons why not. Pure but for the uid
// and the clock that are given. Used by Node; the wording is the Kubernetes API server's.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/kinds.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/node/refusal.hpp"

namespace podctl::node {

enum class FieldValidation : std::uint8_t { kStrict, kWarn, kIgnore };

struct Admitted {
  api::Pod pod;
  std::vector<std::string> warnings;
};

// What somebody makes of a pod as it is when it is the change's turn: a patch applied to it, or
// what a PUT says in any case.
using Revision = std::function<Answer<Admitted>(const api::Pod& live)>;

// Decodes a body (JSON, or YAML when `yaml`) into `object`, of the kind's type and of namespace
// `ns`; yields the warnings. Faults stand in the causes with their field paths.
Answer<std::vector<std::string>> decode_object(const api::KindInfo& kind, void* object,
                                               std::string_view body, bool yaml,
                                               std::string_view ns, FieldValidation validation);
// apimachinery's generator: a name of generateName where none is given.
void generate_name(api::ObjectMeta& meta, std::string_view uid);
// A refusal's causes of what validation found.
std::vector<Cause> to_causes(const api::Faults& faults);

// Decodes a body (JSON, or YAML when `yaml`) into a Pod of namespace `ns`. Faults stand in the
// causes with their field paths.
Answer<Admitted> decode_pod(std::string_view body, bool yaml, std::string_view ns,
                            FieldValidation validation);

// Defaults, validation, what podctl cannot do at all, then the server's own fields.
// `unsafe_sysctls`: patterns of those that pods may set here beside the safe ones.
Answer<Admitted> admit_new(Admitted pod, std::string_view node_name, std::string_view uid,
                           std::uint64_t wall_ns,
                           const std::vector<std::string>& unsafe_sysctls = {});

// `wanted` over `live`: only what Kubernetes lets one change. The status stays the live one's.
Answer<Admitted> admit_update(const api::Pod& live, Admitted wanted);
// The same for the subresource ephemeralcontainers: of `wanted` only those are taken.
Answer<Admitted> admit_ephemeral(const api::Pod& live, Admitted wanted);
// The same for the subresource status: of `wanted` only the conditions that are not the kubelet's,
// as those of spec.readinessGates.
Answer<Admitted> admit_status(const api::Pod& live, Admitted wanted);

// The same for the subresource resize: of `wanted` only cpu and memory are taken.
Answer<Admitted> admit_resize(const api::Pod& live, Admitted wanted);

}  // namespace podctl::node
