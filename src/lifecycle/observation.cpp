#include "podctl/lifecycle/observation.hpp"

#include <algorithm>

#include "podctl/lifecycle/action.hpp"

namespace podctl::lifecycle {
namespace {

struct Marker {
  Observation& seen;

  void operator()(const CreateSandbox& a) {
    seen.sandbox.attempt = a.attempt;
    seen.sandbox.state = SandboxState::kCreating;
    seen.sandbox.message.clear();
    seen.sandbox.pod_ips.clear();
  }
  void operator()(const DestroySandbox&) { seen.sandbox.state = SandboxState::kDestroying; }
  void operator()(const StartContainer& a) {
    auto& container = seen.container(a.name);
    container = {};
    container.name = a.name;
    container.attempt = a.attempt;
    container.state = RunState::kStarting;
  }
  void operator()(const SignalContainer& a) { of(a.name, a.attempt).stop_signalled = true; }
  void operator()(const KillContainer& a) { of(a.name, a.attempt).kill_issued = true; }
  void operator()(const RunHook& a) { of(a.name, a.attempt).hook(a.hook).issued = true; }
  void operator()(const FetchLogTail& a) { of(a.name, a.attempt).tail_issued = true; }
  void operator()(const ResolveImage& a) {
    auto& image = seen.image(a.container);
    image = {};
    image.container = a.container;
    image.attempt = a.attempt;
    image.state = ImageState::kResolving;
  }
  void operator()(const FinalizeDelete&) { seen.finalize_issued = true; }
  void operator()(const ResizePod&) {
    seen.resize.issued = true;
    seen.resize.answer.reset();
  }
  void operator()(const RemoveContainer&) {}
  void operator()(const RecordEvent&) {}

 private:
  // The entry of exactly that attempt; another attempt's is replaced.
  ContainerObservation& of(const std::string& name, std::uint32_t attempt) {
    auto& container = seen.container(name);
    if (container.attempt != attempt) {
      container = {};
      container.name = name;
      container.attempt = attempt;
    }
    return container;
  }
};

template <class List, class Key>
auto find_in(List& list, Key key, const std::string& name) {
  return std::find_if(list.begin(), list.end(),
                      [key, &name](const auto& entry) { return entry.*key == name; });
}

}  // namespace

ContainerObservation& Observation::container(const std::string& name) {
  const auto it = find_in(containers, &ContainerObservation::name, name);
  if (it != containers.end()) return *it;
  containers.emplace_back().name = name;
  return containers.back();
}

ImageObservation& Observation::image(const std::string& container) {
  const auto it = find_in(images, &ImageObservation::container, container);
  if (it != images.end()) return *it;
  images.emplace_back().container = container;
  return images.back();
}

const ContainerObservation* Observation::find(const std::string& name) const {
  const auto it = find_in(containers, &ContainerObservation::name, name);
  return it == containers.end() ? nullptr : &*it;
}

const ImageObservation* Observation::find_image(const std::string& container) const {
  const auto it = find_in(images, &ImageObservation::container, container);
  return it == images.end() ? nullptr : &*it;
}

void note_issued(Observation& seen, const Action& action) { std::visit(Marker{seen}, action); }

}  // namespace podctl::lifecycle
