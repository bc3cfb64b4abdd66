// What a valid Pod may ask for and podctl cannot do at all, on any machine: a pod that could not
// run as it is written is refused, where a field without effect on that is only warned of
// (support.hpp).
//
// Used by podctld on create, and by load_manifests for the CLI, so that these faults come in one
// list with all others. Pure; what depends on the machine is podctld's own to check.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "podctl/api/pod.hpp"
#include "podctl/api/table.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

// All of them; what is invalid by itself is left to validate().
Faults not_served(const Pod& pod);

// Why no pod may set that field, whatever the value; empty where one may. For explain.
std::string_view refused(const Type& type, const Field& field);

// The priority of a PriorityClass; nothing for one that there is not.
std::optional<std::int32_t> class_priority(std::string_view name);

}  // namespace podctl::api
