#include "podctl/wire/spec.hpp"

#include "podctl/wire/codec.hpp"

namespace podctl::wire {

SandboxSpec anonymous(SandboxSpec spec) {
  for (std::string* own : {&spec.name, &spec.ns, &spec.hostname, &spec.domainname}) own->clear();
  for (PodFile& file : spec.files) file.content.clear();
  spec.host_paths.clear();
  spec.contents.clear();
  std::erase_if(spec.volumes, [](const PodVolume& volume) { return !volume.memory; });
  return spec;
}

std::string sandbox_kind(SandboxSpec spec) {
  spec = anonymous(std::move(spec));
  spec.uid.clear();
  spec.files.clear();
  spec.cgroup.resize(spec.cgroup.rfind('/') + 1);
  spec.net.reset();
  return encode(spec);
}

}  // namespace podctl::wire
