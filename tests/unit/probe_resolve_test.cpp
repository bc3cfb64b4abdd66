// Names of hosts: what is known without asking, and threads that ask and that nobody waits for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <future>
#include <mutex>
#include <optional>

#include "patience.hpp"
#include "probe/resolve.hpp"

namespace podctl::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::make_address;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ProbeHosts, NamesAreFoundInAnyColumnAndCase) {
  const std::string_view hosts =
      "# 10.0.0.9 web\n127.0.0.1\tlocalhost  loop\r\n::1 localhost\n10.0.0.3 db db.example # web\n"
      "not-an-address db\n10.0.0.4\n\n10.0.0.5 last";
  EXPECT_THAT(addresses_in(hosts, "LocalHost"),
              ElementsAre(make_address("127.0.0.1"), make_address("::1")));
  EXPECT_THAT(addresses_in(hosts, "loop"), ElementsAre(make_address("127.0.0.1")));
  EXPECT_THAT(addresses_in(hosts, "db"), ElementsAre(make_address("10.0.0.3")));
  EXPECT_THAT(addresses_in(hosts, "db.example"), ElementsAre(make_address("10.0.0.3")));
  EXPECT_THAT(addresses_in(hosts, "last"), ElementsAre(make_address("10.0.0.5")));
  for (const auto* unknown : {"web", "10.0.0.4", "example", ""}) {
    EXPECT_THAT(addresses_in(hosts, unknown), IsEmpty()) << unknown;
  }
}

TEST(ProbeHosts, AddressesAndLocalhostAreKnown) {
  EXPECT_THAT(known_addresses("10.1.2.3"), ElementsAre(make_address("10.1.2.3")));
  EXPECT_THAT(known_addresses("fd00::2"), ElementsAre(make_address("fd00::2")));
  const auto local = known_addresses("localhost");
  ASSERT_FALSE(local.empty());
  EXPECT_TRUE(local.front().is_loopback());
  EXPECT_THAT(known_addresses("nobody.invalid"), IsEmpty());
}

// A resolver that answers nothing until it is let go; it notes what it was asked.
class Stuck {
 public:
  Found resolve(const std::string& host) {
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(host);
    }
    gate_.wait();
    return {{}, {make_address("10.0.0.7")}};
  }
  void let_go() { open_.set_value(); }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::promise<void> open_;
  std::shared_future<void> gate_{open_.get_future()};
  std::mutex mutex_;
  std::vector<std::string> asked_;
};

Resolvers resolvers_of(const std::shared_ptr<Stuck>& stuck) {
  return Resolvers([stuck](const std::string& host) { return stuck->resolve(host); });
}

TEST(ProbeLookup, AFewAreAskedAtOnceAndTheRestWaitsWhileItIsWanted) {
  const auto stuck = std::make_shared<Stuck>();
  auto resolvers = resolvers_of(stuck);
  asio::io_context io;
  std::vector<std::unique_ptr<Lookup>> lookups;
  std::vector<std::string> answers;
  for (int i = 0; i < 7; ++i) {
    lookups.push_back(std::make_unique<Lookup>(io, resolvers));
    lookups.back()->begin("host" + std::to_string(i), [&answers, i](const Found& found) {
      answers.push_back(std::to_string(i) + (found.error ? " none" : " found"));
    });
  }
  ASSERT_TRUE(eventually([&] { return stuck->asked().size() == Resolvers::kAtOnce; }));
  lookups[1]->cancel();  // is being asked
  lookups[5]->cancel();  // waits for a thread
  while (answers.size() < 2 && io.run_one_for(patience(std::chrono::seconds(20))) > 0) {
  }
  EXPECT_THAT(answers, ::testing::UnorderedElementsAre("1 none", "5 none"));
  stuck->let_go();
  io.run_for(patience(std::chrono::seconds(20)));
  EXPECT_THAT(answers, ::testing::UnorderedElementsAre("0 found", "1 none", "2 found", "3 found",
                                                       "4 found", "5 none", "6 found"));
  EXPECT_THAT(stuck->asked(), ::testing::Not(::testing::Contains("host5")));
}

TEST(ProbeLookup, TheEndDoesNotWaitForThem) {
  const auto stuck = std::make_shared<Stuck>();
  bool answered = false;
  {
    auto resolvers = resolvers_of(stuck);
    asio::io_context io;
    Lookup lookup(io, resolvers);
    lookup.begin("slow", [&answered](const Found&) { answered = true; });
    ASSERT_TRUE(eventually([&] { return stuck->asked().size() == 1; }));
  }
  EXPECT_FALSE(answered);
  stuck->let_go();
  EXPECT_TRUE(eventually([&] { return stuck.use_count() == 1; }));
}

TEST(ProbeLookup, TheSystemIsAskedForWhatNobodyKnows) {
  asio::io_context io;
  Lookup lookup(io);
  std::optional<Found> found;
  // No label is so long: nobody need be asked over the network to know that there is no such host.
  lookup.begin(std::string(70, 'x') + ".invalid",
               [&found](const Found& answer) { found = answer; });
  io.run_for(patience(std::chrono::seconds(20)));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->error);
}

}  // namespace
}  // namespace podctl::probe
