// Text to checked objects: parse, decode, default, validate, render, encode. What is written down
// reads back as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podctl::api;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto loaded = load_manifests(text, "default", Bar::kPodctl);
  for (const auto& fault : loaded.faults) render(fault, "fuzz", text);
  render(loaded.faults, "fuzz", text);
  for (const auto& m : loaded.manifests) {
    to_yaml(m.kind->type(), m.object());
    if (!m.is_pod()) continue;
    const std::string json = to_json(m.pod);
    Pod again;
    if (!decode_json(json, again, Unknown::kFault).empty() || to_json(again) != json) std::abort();
  }
  parse_json(text);
  return 0;
}
