// A quantity that parses prints a text that parses to the same value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "podctl/api/quantity.hpp"
#include "podctl/api/time.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto q = podctl::api::Quantity::parse(text)) {
    auto again = podctl::api::Quantity::parse(q->str());
    if (!again || *again != *q) std::abort();
  }
  if (auto t = podctl::api::Time::parse(text)) {
    auto again = podctl::api::Time::parse(t->nano_str());
    if (!again || *again != *t) std::abort();
  }
  return 0;
}
