// Fills in what Kubernetes fills in when a Pod is created.
//
// Used by podctld before validation, and by the CLI for --dry-run=client. Rules:
// pkg/apis/core/v1/defaults.go and the admission plugins that every cluster runs (priority). It
// never changes a field that is set.
#pragma once

#include <string>
#include <string_view>

#include "podctl/api/pod.hpp"

namespace podctl::api {

// Spec only; metadata.namespace becomes `ns` when empty. apiVersion and kind are set.
void set_defaults(Pod& pod, std::string_view ns = "default");

// Always for :latest or no tag, else IfNotPresent.
std::string default_pull_policy(std::string_view image);

}  // namespace podctl::api
