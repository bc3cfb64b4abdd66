// Text to checked objects: parse, decode, default and validate in one call, faults with positions.
//
// Used by `podctl apply -f`, `delete -f` and by podctld for request bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/kinds.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/tree.hpp"

namespace podctl::api {

struct Manifest {
  const KindInfo* kind = &kind_of<Pod>();
  Pod pod;                               // with defaults; of kind Pod
  std::shared_ptr<void> kept;            // the object of any other kind, likewise
  Tree tree;                             // as written; locate() finds a field in it
  std::vector<std::string> unsupported;  // paths set in the text that podctl does not act on yet

  bool is_pod() const { return kept == nullptr; }
  const void* object() const { return is_pod() ? static_cast<const void*>(&pod) : kept.get(); }
  const ObjectMeta& metadata() const { return kind->metadata(object()); }
};

struct Loaded {
  std::vector<Manifest> manifests;
  Faults faults;  // of all documents, in the order of the text
};

// What the pods are held against: Kubernetes' rules alone, or also what podctl can serve.
enum class Bar : std::uint8_t { kKubernetes, kPodctl };

// Every object of a text that may be applied: pods, and kinds that are only kept. Another kind is a
// fault that names it. `ns` fills an empty namespace.
Loaded load_manifests(std::string_view text, std::string_view ns = "default",
                      Bar bar = Bar::kKubernetes);
// The same of documents that are parsed already.
Loaded load_manifests(std::vector<Tree> documents, std::string_view ns = "default",
                      Bar bar = Bar::kKubernetes);

// Whether objects of that type have values that are secret: no line of one is shown.
bool keeps_secrets(const Type& type);
// Of a text that could not be read: it shows no line when a Secret may be in it.
void hide_secrets(std::string_view text, Faults& faults);

// In the order of the text; of one place, as they were found.
void sort_by_place(Faults& faults);

}  // namespace podctl::api
