#include <gtest/gtest.h>

#include "podctl/node/watch_hub.hpp"

namespace podctl::node {
namespace {

Change change(std::uint64_t version, std::string json = "{}") {
  Change c;
  c.kind = "Pod";
  c.ns = "default";
  c.version = version;
  c.json = std::make_shared<const std::string>(std::move(json));
  return c;
}

TEST(WatchHub, ReplaysWhatIsAfterAVersion) {
  WatchHub hub(10);
  hub.publish(change(11));
  hub.publish(change(12));
  ASSERT_TRUE(hub.since(10));
  EXPECT_EQ(hub.since(10)->size(), 2U);
  EXPECT_EQ(hub.since(11)->size(), 1U);
  EXPECT_EQ(hub.since(12)->size(), 0U);
  EXPECT_FALSE(hub.since(9)) << "older than this podctld";
}

TEST(WatchHub, ForgetsTheOldestByCountAndBytes) {
  WatchHub few(0, 2);
  for (std::uint64_t v = 1; v <= 4; ++v) few.publish(change(v));
  EXPECT_FALSE(few.since(1));
  EXPECT_EQ(few.since(2)->size(), 2U);

  WatchHub small(0, 100, 10);
  for (std::uint64_t v = 1; v <= 4; ++v) small.publish(change(v, "123456"));
  EXPECT_FALSE(small.since(2));
  EXPECT_EQ(small.since(3)->size(), 1U);
}

TEST(WatchHub, AWatcherMayEndItselfAndOthersWhileTold) {
  WatchHub hub(0);
  int first = 0;
  int second = 0;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  a = hub.watch([&hub, &first, &a, &b](const Change&) {
    ++first;
    hub.unwatch(a);
    hub.unwatch(b);
  });
  b = hub.watch([&second](const Change&) { ++second; });
  hub.publish(change(1));
  hub.publish(change(2));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  EXPECT_EQ(hub.watchers(), 0U);
}

}  // namespace
}  // namespace podctl::node
