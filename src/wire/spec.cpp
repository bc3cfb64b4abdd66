#include "podctl/wire/spec.hpp"

#include "podctl/wire/codec.hpp"

namespace podctl::wire {

std::string sandbox_kind(SandboxSpec spec) {
  spec.uid.clear();
  spec.name.clear();
  spec.ns.clear();
  spec.hostname.clear();
  spec.domainname.clear();
  spec.files.clear();
  std::erase_if(spec.volumes, [](const PodVolume& volume) { return !volume.memory; });
  spec.cgroup.resize(spec.cgroup.rfind('/') + 1);
  spec.net.reset();
  return encode(spec);
}

}  // namespace podctl::wire
