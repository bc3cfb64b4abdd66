// A watch's stream: events, wherever its bytes are parted.
#include <gtest/gtest.h>

#include "cli/watch_lines.hpp"

namespace podctl::cli {
namespace {

TEST(CliWatch, EventsComeWhereverTheStreamIsParted) {
  constexpr std::string_view kStream =
      "{\"type\":\"ADDED\",\"object\":{\"a\":1}}\n\n"
      "{\"type\":\"BOOKMARK\",\"object\":{\"b\":2}}\n"
      "{\"type\":\"ERROR\",\"object\":{}}\n"
      "{\"type\":\"DELETED\",\"object\":{\"c\":3}}\n{\"type\":";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, kStream.size()}) {
    WatchLines lines;
    std::string seen;
    for (std::size_t at = 0; at < kStream.size(); at += step) {
      lines.feed(kStream.substr(at, step));
      while (const auto event = lines.next().value()) {
        seen += View(*event)["type"].str();
        seen += is_broken(View(*event)) ? "! " : " ";
      }
    }
    EXPECT_EQ(seen, "ADDED ERROR! DELETED ");
  }
}

TEST(CliWatch, WhatIsNoEventIsAnError) {
  WatchLines lines;
  lines.feed("{\n");
  EXPECT_FALSE(lines.next());
  lines.feed("{\"type\":\"AD");
  lines.clear();
  lines.feed("{\"type\":\"ADDED\",\"object\":{}}\n");
  EXPECT_TRUE(lines.next().value());
}

}  // namespace
}  // namespace podctl::cli
