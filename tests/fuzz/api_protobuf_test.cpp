#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "mutate.hpp"
#include "podctl/api/config.hpp"
#include "podctl/api/protobuf.hpp"

namespace podctl::api {
namespace {

// Whatever a client sends: JSON comes of it, or an error.
TEST(FuzzApiProtobuf, BodiesBecomeJsonOrAnError) {
  using namespace std::string_literals;
  const std::vector<std::string> seeds = {
      "k8s\0\x0a\x0f\x0a\x02v1\x12\x09"s + "ConfigMap\x12\x14\x0a\x06\x0a\x02"s +
          "cm\x40\x05\x12\x06\x0a\x01k\x12\x01v\x20\x01"s,
      "k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x10\x12\x06\x0a\x01k\x12\x01v\x1a\x06Opaque"s};
  fuzz::run(seeds, [](const std::string& text) {
    for (const Type* type : {&type_of<ConfigMap>(), &type_of<Secret>()}) {
      const auto read = protobuf_to_json(*type, text);
      boost::system::error_code error;
      if (read) boost::json::parse(*read, error);
      EXPECT_FALSE(error);
    }
  });
}

}  // namespace
}  // namespace podctl::api
