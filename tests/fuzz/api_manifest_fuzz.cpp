// Text to checked pods: parse, decode, default, validate, render, encode.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "podctl/api/encode.hpp"
#include "podctl/api/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto loaded = podctl::api::load_manifests(text);
  for (const auto& fault : loaded.faults) podctl::api::render(fault, "fuzz", text);
  podctl::api::render(loaded.faults, "fuzz", text);
  for (const auto& m : loaded.manifests) {
    podctl::api::to_yaml(podctl::api::type_of<podctl::api::Pod>(), &m.pod);
  }
  podctl::api::parse_json(text);
  return 0;
}
