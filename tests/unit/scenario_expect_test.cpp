// What a history has to be like for an expectation to hold, as a table.
#include <gtest/gtest.h>

#include "podctl/api/decode.hpp"
#include "podctl/scenario/expect.hpp"
#include "podctl/scenario/report.hpp"

namespace podctl::scenario {
namespace {

constexpr std::uint64_t kSec = 1'000'000'000;

Entry state(std::uint64_t seconds, std::size_t moment, std::string container, std::string word,
            std::int32_t run = 1, std::int32_t exit_code = 0) {
  Entry e;
  e.at_ns = seconds * kSec;
  e.moment = moment;
  e.pod = "web";
  e.container = std::move(container);
  e.word = std::move(word);
  e.run = run;
  e.exit_code = exit_code;
  if (e.word == "terminated") e.reason = exit_code == 0 ? "Completed" : "Error";
  return e;
}

// app runs twice, proxy starts before it and ends with its first end in one moment.
History history() {
  History h = {state(0, 1, "proxy", "running"), state(1, 2, "app", "running"),
               state(5, 3, "app", "terminated", 1, 1), state(5, 3, "proxy", "terminated"),
               state(15, 4, "app", "running", 2)};
  auto& event = h.emplace_back(state(16, 5, "app", "BackOff"));
  event.what = What::kEvent;
  event.message = "Back-off restarting failed container app in pod web";
  return h;
}

std::string objection(const std::string& yaml) {
  const auto parsed = api::parse_documents(yaml);
  EXPECT_TRUE(parsed.faults.empty()) << yaml;
  Expect expect;
  const auto faults = api::decode(parsed.documents.at(0), expect);
  EXPECT_TRUE(faults.empty()) << yaml << ": " << (faults.empty() ? "" : faults[0].text);
  const auto found = check(expect, history());
  return found ? found->text : "";
}

TEST(ScenarioExpect, Table) {
  const struct {
    const char* expect;
    const char* objection;  // empty: it holds
  } rows[] = {
      {"{container: app, state: running}", ""},
      {"{container: db, state: running}", "it never happened"},
      {"{container: app, state: terminated, exitCode: 1, reason: Error}", ""},
      {"{container: app, state: terminated, exitCode: 0}", "it never happened"},
      {"{container: app, state: running, run: 2}", ""},
      {"{event: BackOff, message: 'restarting * pod web'}", ""},
      {"{event: BackOff, message: 'pod web * restarting'}", "it never happened"},
      // order
      {"{container: proxy, state: running, before: {container: app, state: running}}", ""},
      {"{container: app, state: running, before: {container: proxy, state: running}}",
       "it came at 1.000s, after the other at 0.000s"},
      {"{container: app, state: running, after: {container: proxy, state: running}}", ""},
      {"{container: proxy, state: running, after: {container: app, state: running}}",
       "it came at 0.000s, before the other at 1.000s"},
      {"{container: app, state: terminated, before: {container: proxy, state: terminated}}",
       "both happened at once, at 5.000s"},
      {"{container: app, state: running, before: {deleted: true}}", "deleted never happened"},
      // the first time counts, a later one does not make good for it
      {"{container: app, state: running, after: {container: app, state: terminated}}",
       "it came at 1.000s, before the other at 5.000s"},
      {"{container: app, state: running, run: 2, after: {container: app, state: terminated}}", ""},
      // time
      {"{container: app, state: running, within: 1s}", ""},
      {"{container: app, state: running, within: 999ms}", "it took 1.000s"},
      {"{container: app, state: running, run: 2, within: 10s, noSooner: 10s, "
       "after: {container: app, state: terminated}}",
       ""},
      {"{container: app, state: running, run: 2, noSooner: 11s, "
       "after: {container: app, state: terminated}}",
       "it took only 10.000s"},
      // number
      {"{container: app, state: running, times: 2}", ""},
      {"{container: app, state: running, times: 1}", "it happened 2 times"},
      {"{container: app, state: running, atLeast: 2}", ""},
      {"{container: app, state: running, atLeast: 3}", "it happened 2 times"},
      {"{container: app, state: running, atMost: 1}", "it happened 2 times"},
      {"{container: app, state: running, never: true}", "it happened at 1.000s"},
      {"{phase: Failed, never: true}", ""},
      {"{container: app, state: running, times: 1, after: {container: app, state: terminated}}",
       ""},
      {"{container: proxy, state: running, never: true, "
       "after: {container: app, state: terminated}}",
       ""},
      // now
      {"{container: app, state: running, now: true}", ""},
      {"{container: proxy, state: running, now: true}",
       "it is terminated (run 1): Completed, exit code 0 since 5.000s"},
      {"{container: app, ready: false, now: true}", ""},
      {"{phase: Running, now: true}", "it never was"},
  };
  for (const auto& row : rows) EXPECT_EQ(objection(row.expect), row.objection) << row.expect;
}

TEST(ScenarioExpect, OneContainersOwnStatesHaveAnOrderWithinAMoment) {
  const History h = {state(1, 1, "app", "running"), state(1, 1, "app", "terminated"),
                     state(1, 1, "db", "running")};
  EXPECT_TRUE(earlier(h[0], h[1]));
  EXPECT_FALSE(earlier(h[1], h[0]));
  EXPECT_FALSE(earlier(h[0], h[2]));
}

// For real they come after the status of their step, for podctld writes them after it.
TEST(ScenarioExpect, EventsComeAfterWhatTheStatusOfTheirMomentShows) {
  History h = {state(1, 1, "app", "terminated"), state(1, 1, "", "Pending"),
               state(1, 1, "db", "Killing"), state(1, 1, "app", "BackOff")};
  h[1].what = What::kTerminating;
  h[2].what = h[3].what = What::kEvent;
  for (const std::size_t status : {0U, 1U}) {
    for (const std::size_t event : {2U, 3U}) {
      EXPECT_TRUE(earlier(h[status], h[event]));
      EXPECT_FALSE(earlier(h[event], h[status]));
    }
  }
  EXPECT_TRUE(earlier(h[2], h[3]));
  EXPECT_FALSE(earlier(h[3], h[2]));
}

TEST(ScenarioReport, TheTimelinePointsAtTheOffendingEntry) {
  EXPECT_EQ(timeline({state(0, 1, "proxy", "running"), state(5, 2, "app", "terminated", 1, 3)}, 1),
            "        0.000s  proxy  running (run 1)\n"
            ">>      5.000s  app    terminated (run 1): Error, exit code 3\n");
}

TEST(ScenarioReport, JUnitHasASuiteAFileAndNothingThatXmlForbids) {
  Outcome passed{"a.yaml", "one", "virtual"};
  passed.took_ns = 1'500'000'000;
  Outcome failed{"b.yaml", "two", "virtual"};
  failed.kind = Outcome::Kind::kFailed;
  failed.message = "expected <this> & \"that\"";
  failed.text = "line\x01\nline ]]>";
  Outcome skipped{"b.yaml", "three", "real"};
  skipped.kind = Outcome::Kind::kSkipped;
  skipped.message = "not for it";
  EXPECT_EQ(junit({passed, failed, skipped}),
            R"xml(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="podctl test" tests="3" failures="1" errors="0" skipped="1" time="1.500">
  <testsuite name="a.yaml" tests="1" failures="0" errors="0" skipped="0" time="1.500">
    <testcase name="one (virtual)" classname="a.yaml" time="1.500"/>
  </testsuite>
  <testsuite name="b.yaml" tests="2" failures="1" errors="0" skipped="1" time="0.000">
    <testcase name="two (virtual)" classname="b.yaml" time="0.000"><failure message="expected &lt;this&gt; &amp; &quot;that&quot;" type="expectation">line?&#10;line ]]&gt;</failure></testcase>
    <testcase name="three (real)" classname="b.yaml" time="0.000"><skipped message="not for it"/></testcase>
  </testsuite>
</testsuites>
)xml");
}

}  // namespace
}  // namespace podctl::scenario
