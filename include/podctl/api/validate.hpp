// Kubernetes' validation of a Pod, in its wording: "spec.containers[0].name: Required value".
//
// Used by podctld on create, and by the CLI before it sends. The object has its defaults already.
// Rules and texts: pkg/apis/core/validation, apimachinery's validation. All faults are listed, none
// stops the search.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

Faults validate(const Pod& pod);
// Of a pod's ephemeral containers, which are none of validate()'s: they come later
// (pkg/apis/core/validation, ValidateEphemeralContainers). `live` is the pod as it is: what it has
// of them may not change, nor go.
Faults validate_ephemeral(const Pod& live, const std::vector<EphemeralContainer>& wanted);

// Of a resize: `wanted` differs from `live` in what may be changed by one (ValidatePodResize). Both
// with defaults; each is validate()'s besides.
Faults validate_resize(const Pod& live, const Pod& wanted);

// Of an object that has no other metadata that somebody could set: its labels and annotations.
Faults validate_marks(const ObjectMeta& meta);

// One name or value alone; empty when valid, else Kubernetes' sentence.
std::string check_dns_label(std::string_view s);
std::string check_dns_subdomain(std::string_view s);
std::string check_qualified_name(std::string_view s);
std::string check_label_value(std::string_view s);

}  // namespace podctl::api
