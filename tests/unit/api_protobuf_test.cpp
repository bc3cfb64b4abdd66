// Objects in Kubernetes' protobuf, as JSON.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "podctl/api/config.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/protobuf.hpp"

namespace podctl::api {
namespace {

namespace json = boost::json;

// A field of bytes; those here are short.
std::string field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}
std::string number(int field, char value) { return {static_cast<char>(field << 3), value}; }
std::string object(const std::string& kind, const std::string& raw) {
  return std::string("k8s\0", 4) + field(1, field(1, "v1") + field(2, kind)) + field(2, raw) +
         field(3, "") + field(4, "");
}

TEST(ApiProtobuf, AConfigMapAndASecret) {
  const std::string meta =
      field(1, "cm") + field(8, number(1, 5)) + field(11, field(1, "a") + field(2, "b")) +
      field(13, field(1, "Pod") + field(3, "web") + number(6, 1)) + field(14, "x") + field(14, "y");
  const auto map = protobuf_to_json(
      type_of<ConfigMap>(),
      object("ConfigMap", field(1, meta) + field(2, field(1, "k") + field(2, "v")) +
                              field(3, field(1, "bin") + field(2, std::string("\0\1", 2))) +
                              number(4, 1) + number(15, 7)));
  ASSERT_TRUE(map) << map.error().message();
  EXPECT_EQ(json::parse(*map), json::parse(R"({"apiVersion": "v1", "kind": "ConfigMap",
    "metadata": {"name": "cm", "labels": {"a": "b"}, "finalizers": ["x", "y"],
                 "ownerReferences": [{"kind": "Pod", "name": "web", "controller": true}]},
    "data": {"k": "v"}, "binaryData": {"bin": "AAE="}, "immutable": true})"));
  const auto secret = protobuf_to_json(
      type_of<Secret>(),
      object("Secret", field(2, field(1, "k") + field(2, "v")) + field(3, "Opaque") +
                           field(4, field(1, "s") + field(2, "t"))));
  ASSERT_TRUE(secret);
  EXPECT_EQ(json::parse(*secret), json::parse(R"({"apiVersion": "v1", "kind": "Secret",
    "data": {"k": "dg=="}, "type": "Opaque", "stringData": {"s": "t"}})"));
}

TEST(ApiProtobuf, WhatIsNoneIsRefused) {
  const auto read = [](const std::string& body) {
    return protobuf_to_json(type_of<ConfigMap>(), body).has_value();
  };
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("{}"));
  EXPECT_FALSE(read(object("ConfigMap", field(1, "cm").substr(0, 3))));
  EXPECT_FALSE(read(object("ConfigMap", number(1, 1))));
  EXPECT_FALSE(read(object("ConfigMap", field(4, "x"))));
  EXPECT_FALSE(read(object("ConfigMap", field(1, field(1, "\xff")))));
  EXPECT_FALSE(read(std::string("k8s\0\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 14)));
  EXPECT_FALSE(read(std::string("k8s\0\x0b", 5)));
  EXPECT_TRUE(has_protobuf(type_of<Secret>()));
  EXPECT_FALSE(has_protobuf(type_of<Pod>()));
}

}  // namespace
}  // namespace podctl::api
