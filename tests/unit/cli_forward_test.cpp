// Ports and addresses of port-forward, as kubectl reads them.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/forward_spec.hpp"

namespace podctl::cli {
namespace {

const boost::json::value kPod = boost::json::parse(
    R"({"spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8000}]}]}})");

TEST(CliForward, Ports) {
  const struct {
    const char* text;
    int local, remote;
  } kRows[] = {{"8080:80", 8080, 80}, {"80", 80, 80},       {":80", 0, 80},
               {"0:80", 0, 80},       {"http", 8000, 8000}, {"1:http", 1, 8000}};
  for (const auto& row : kRows) {
    const auto port = parse_forwarded_port(row.text, kPod);
    ASSERT_TRUE(port) << row.text;
    EXPECT_EQ(port->local, row.local) << row.text;
    EXPECT_EQ(port->remote, row.remote) << row.text;
  }
  for (const char* text :
       {"", ":", "0", "80:0", "80:", "1:2:3", "65536", "80:65536", "x:80", "none", "-1"})
    EXPECT_FALSE(parse_forwarded_port(text, kPod)) << text;
}

TEST(CliForward, Addresses) {
  const auto both = parse_addresses("localhost");
  ASSERT_TRUE(both);
  ASSERT_EQ(both->size(), 2U);
  EXPECT_TRUE((*both)[1].optional);
  const auto list = parse_addresses("0.0.0.0, ::");
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)[1].ip, "::");
  EXPECT_FALSE(parse_addresses("example.org"));
  EXPECT_FALSE(parse_addresses(""));
  const auto named = parse_addresses("localhost,127.0.0.1,::1,localhost");
  ASSERT_TRUE(named);
  ASSERT_EQ(named->size(), 2U);
  EXPECT_FALSE((*named)[0].optional);
}

TEST(CliForward, WhichAddressesHaveToListen) {
  const struct {
    const char* addresses;
    std::vector<bool> listens;
    bool served;
  } kRows[] = {
      {"localhost", {true, true}, true},
      {"localhost", {true, false}, true},
      {"localhost", {false, true}, true},
      {"localhost", {false, false}, false},
      {"192.0.2.1", {false}, false},
      {"192.0.2.1,192.0.2.2", {true, false}, false},
      {"192.0.2.1,192.0.2.2", {true, true}, true},
      {"localhost,192.0.2.1", {true, false, true}, true},
      {"localhost,192.0.2.1", {true, true, false}, false},
      {"localhost,192.0.2.1", {false, false, true}, false},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(port_listens(*parse_addresses(row.addresses), row.listens), row.served)
        << row.addresses;
}

}  // namespace
}  // namespace podctl::cli
