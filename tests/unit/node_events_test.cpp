// How events are named and counted.
#include <gtest/gtest.h>

#include <filesystem>

#include "podctl/node/events.hpp"
#include "scratch.hpp"

namespace podctl::node {
namespace {

class EventsTest : public testing::Test {
 protected:
  void record(const std::string& uid, const std::string& reason, std::uint64_t wall_ns) {
    api::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = "web";
    pod.metadata.uid = uid;
    lifecycle::RecordEvent event;
    event.reason = reason;
    events_.record(pod, event, wall_ns);
  }
  // "REASON xCOUNT", in the order of their names.
  std::vector<std::string> listed() const {
    std::vector<std::string> out;
    for (const auto& [key, record] : objects_.events()) {
      const auto event = record.decode();
      out.push_back(event->reason + " x" + std::to_string(event->count.value_or(0)));
    }
    return out;
  }
  static std::unique_ptr<ObjectStore> open(const std::string& path) {
    auto store = ObjectStore::open(path, [](std::function<void()> f) { f(); });
    return store ? std::move(*store) : nullptr;
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  const std::string directory_ = scratch_directory("events");
  Objects objects_{open(directory_ + "/objects.db")};
  Events events_{objects_, "box"};
};

constexpr std::uint64_t kThen = 0x18a0'0000'0000'0000;

TEST_F(EventsTest, StandInTheOrderTheyCameAlsoOverPodsOfOneName) {
  record("zz", "First", kThen);
  record("zz", "Second", kThen + 1'000'000);
  record("aa", "Third", kThen + 1'000'000'000);
  record("mm", "Fourth", kThen + 2'000'000'000);
  record("mm", "Fifth", kThen + 2'000'000'000);
  EXPECT_EQ(listed(), (std::vector<std::string>{"First x1", "Second x1", "Third x1", "Fourth x1",
                                                "Fifth x1"}));
  EXPECT_NE(objects_.find_event("default", "web.18a0000000000000"), nullptr);
}

TEST_F(EventsTest, EqualOnesOfOnePodAreOneWithACount) {
  record("a", "BackOff", kThen);
  record("a", "BackOff", kThen + 5);
  record("b", "BackOff", kThen + 9);
  EXPECT_EQ(listed(), (std::vector<std::string>{"BackOff x2", "BackOff x1"}));
}

}  // namespace
}  // namespace podctl::node
