// A template, parsed and run over a small object.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "podctl/api/jsonpath.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto object = boost::json::parse(R"({"a":[{"b":1},{"b":"x"},null],"c":{"d":true}})");
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto path = podctl::api::JsonPath::parse(text);
  if (!path) return 0;
  (void)path->print(object);
  (void)path->find(object, false);
  return 0;
}
