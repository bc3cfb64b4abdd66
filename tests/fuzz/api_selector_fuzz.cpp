// Label and field selectors, parsed and matched.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "podctl/api/selector.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto s = podctl::api::LabelSelectorExpr::parse(text))
    (void)s->matches({{"a", "b"}, {"n", "3"}});
  if (auto s = podctl::api::FieldSelectorExpr::parse(text, {"metadata.name"})) {
    (void)s->matches({{"metadata.name", "a"}});
  }
  return 0;
}
