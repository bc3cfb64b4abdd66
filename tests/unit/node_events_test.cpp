// How events are named and counted; what is counted together, so that no container can fill the
// store.
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

constexpr std::uint64_t kSecond = 1'000'000'000;

class SimilarEvents : public EventsTest {
 protected:
  void say(Events& events, std::uint64_t second, const std::string& message) {
    api::Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = "web";
    pod.metadata.uid = "u";
    lifecycle::RecordEvent event;
    event.reason = "Unhealthy";
    event.message = message;
    // Each a moment later than the one before: their names are their times.
    events.record(pod, event, kThen + second * kSecond + ++said_);
  }
  std::vector<std::string> said() const {
    std::vector<std::string> out;
    for (const auto& [key, record] : objects_.events()) {
      const auto event = record.decode();
      out.push_back(event->message + " x" + std::to_string(event->count.value_or(0)));
    }
    return out;
  }

 private:
  std::uint64_t said_ = 0;
};

TEST_F(SimilarEvents, ManyThatDifferInTheirMessageAloneAreOne) {
  for (int i = 0; i < 1000; ++i) say(events_, 1, "output " + std::to_string(i));
  auto shown = said();
  ASSERT_EQ(shown.size(), 11U);
  EXPECT_EQ(shown.front(), "output 0 x1");
  EXPECT_EQ(shown.back(), "(combined from similar events): output 999 x990");
  say(events_, 2, "output 3");  // one of the first ten counts on
  EXPECT_EQ(said()[3], "output 3 x2");
  // The next podctld goes on with the same one.
  Events next(objects_, "box");
  next.adopt();
  for (int i = 0; i < 1000; ++i) say(next, 3, "later " + std::to_string(i));
  EXPECT_EQ(said().size(), 21U);
}

TEST_F(SimilarEvents, LongMessagesAreCutAtACharacter) {
  // Nine kilobytes, and another text each time, as of a probe that prints the date.
  for (int i = 0; i < 100; ++i) say(events_, 1, std::to_string(i) + std::string(9000, 'x'));
  say(events_, 1, std::string(1023, 'y') + "\u00e9");
  EXPECT_EQ(objects_.events().size(), 11U);
  for (const auto& [key, record] : objects_.events()) {
    EXPECT_LE(record.decode()->message.size(), 1024U);
  }
  EXPECT_EQ(said().back(), "(combined from similar events): " + std::string(992, 'y') + " x91");
}

TEST_F(SimilarEvents, AfterTenQuietMinutesTheyAreToldApartAgain) {
  for (int i = 0; i < 12; ++i) say(events_, 1, "output " + std::to_string(i));
  say(events_, 603, "output x");
  EXPECT_EQ(said().back(), "output x x1");
}

}  // namespace
}  // namespace podctl::node
