// What an apply makes of last, wanted and live.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "podctl/api/three_way.hpp"

namespace podctl::api {
namespace {

std::string merged(const char* last, const char* wanted, const char* live) {
  return boost::json::serialize(
      three_way(boost::json::parse(last), boost::json::parse(wanted), boost::json::parse(live)));
}

TEST(ThreeWay, WhatOthersHaveSetStays) {
  EXPECT_EQ(merged("null", R"({"a": 1})", R"({"b": 2})"), R"({"b":2,"a":1})");
  EXPECT_EQ(merged(R"({"a": 1})", R"({"a": 3})", R"({"a": 2, "b": 2})"), R"({"a":3,"b":2})");
}

TEST(ThreeWay, WhatWasAppliedAndIsNoLongerThereGoes) {
  EXPECT_EQ(merged(R"({"m": {"x": "1", "y": "2"}})", R"({"m": {"x": "1"}})",
                   R"({"m": {"x": "1", "y": "2", "z": "3"}})"),
            R"({"m":{"x":"1","z":"3"}})");
  EXPECT_EQ(merged(R"({"a": 1, "b": 2})", R"({"b": 2})", R"({"a": 5, "b": 2})"), R"({"b":2})");
}

TEST(ThreeWay, NullTakesOut) {
  EXPECT_EQ(merged("null", R"({"m": {"x": null, "y": "1"}})", R"({"m": {"x": "1", "z": "2"}})"),
            R"({"m":{"z":"2","y":"1"}})");
  EXPECT_EQ(merged("null", R"({"m": {"x": null, "y": "1"}})", "{}"), R"({"m":{"y":"1"}})");
  EXPECT_EQ(merged("null", R"({"a": null})", R"({"a": 1, "b": 2})"), R"({"b":2})");
}

TEST(ThreeWay, FinalizersAreASet) {
  EXPECT_EQ(merged(R"({"finalizers": ["a", "b"]})", R"({"finalizers": ["b", "d"]})",
                   R"({"finalizers": ["a", "b", "c"]})"),
            R"({"finalizers":["b","c","d"]})");
  EXPECT_EQ(merged(R"({"finalizers": ["a"]})", "{}", R"({"finalizers": ["a", "c"]})"),
            R"({"finalizers":["c"]})");
  // A key of that name is any key.
  EXPECT_EQ(merged("null", R"({"data": {"finalizers": "x"}})", R"({"data": {"finalizers": "y"}})"),
            R"({"data":{"finalizers":"x"}})");
  EXPECT_EQ(merged(R"({"finalizers": "y"})", "{}", R"({"finalizers": "y"})"), "{}");
}

TEST(ThreeWay, ListsAreMergedByTheirKey) {
  EXPECT_EQ(merged(R"({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]})",
                   R"({"env": [{"name": "A", "value": "2"}]})",
                   R"({"env": [{"name": "A", "value": "1", "x": 1}, {"name": "B", "value": "1"},
                               {"name": "C", "value": "1"}]})"),
            R"({"env":[{"name":"A","value":"2","x":1},{"name":"C","value":"1"}]})");
}

TEST(ThreeWay, OtherListsAreOneValue) {
  EXPECT_EQ(merged(R"({"args": ["a"]})", R"({"args": ["b"]})", R"({"args": ["a", "c"]})"),
            R"({"args":["b"]})");
  // The same port twice, by two protocols: its number tells nothing apart.
  EXPECT_EQ(merged("null", R"({"ports": [{"containerPort": 1, "protocol": "TCP"}]})",
                   R"({"ports": [{"containerPort": 1}, {"containerPort": 1}]})"),
            R"({"ports":[{"containerPort":1,"protocol":"TCP"}]})");
}

}  // namespace
}  // namespace podctl::api
