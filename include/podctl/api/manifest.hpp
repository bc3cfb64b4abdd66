// Text to checked pods: parse, decode, default and validate in one call, faults with positions.
//
// Used by `podctl apply -f`, `delete -f` and by podctld for request bodies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

struct Manifest {
  Pod pod;                               // with defaults
  Tree tree;                             // as written; locate() finds a field in it
  std::vector<std::string> unsupported;  // paths set in the text that podctl does not act on yet
};

struct Loaded {
  std::vector<Manifest> manifests;
  Faults faults;  // of all documents, in the order of the text
};

// What the pods are held against: Kubernetes' rules alone, or also what podctl can serve.
enum class Bar : std::uint8_t { kKubernetes, kPodctl };

// Every Pod of a text. A kind other than Pod is a fault that names it. `ns` fills an empty
// namespace.
Loaded load_manifests(std::string_view text, std::string_view ns = "default",
                      Bar bar = Bar::kKubernetes);
// The same of documents that are parsed already.
Loaded load_manifests(std::vector<Tree> documents, std::string_view ns = "default",
                      Bar bar = Bar::kKubernetes);

// In the order of the text; of one place, as they were found.
void sort_by_place(Faults& faults);

}  // namespace podctl::api
