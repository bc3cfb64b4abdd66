// The files of a pod's configMap, secret, downwardAPI and projected volumes, in the kubelet's words
// where they cannot be had. Pure: the objects are given. Used by node's pod worker.
// https://kubernetes.io/docs/concepts/storage/projected-volumes/
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/node/env.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::node {

// Whether a volume's files are made by podctld: it is a tmpfs of the pod's, read-only to
// containers.
bool is_filled(const api::Volume& volume);

struct Contents {
  std::vector<wire::VolumeContent> filled;  // in the order of the spec
  // Of each volume that cannot be had, a claim's among them: its op is wire::kVolumeFailed.
  std::vector<Error> failed;
};

// For every such volume.
Contents build_contents(const api::Pod& pod, const Configs& configs, const NodeFacts& node);

// key="value" lines in the order of keys, values quoted as Go does (labels and annotations).
std::string map_text(const std::map<std::string, std::string>& map);

}  // namespace podctl::node
