// The images that a container needs: its own, and those that volumes it mounts show (KEP-4639).
// Pure.
#pragma once

#include <cstdint>

#include "podctl/api/pod.hpp"
#include "podctl/lifecycle/action.hpp"

namespace podctl::lifecycle {

// What is asked for before an attempt of the container starts.
ResolveImage wanted_images(const api::Pod& pod, const api::Container& container,
                           std::uint32_t attempt);

}  // namespace podctl::lifecycle
