// What podctld says while a scenario runs for real: watches of pods and events, followed logs, read
// side by side into one history.
//
// Used by `test --real` in podctl's process. A stream that breaks off (a podctld that was killed)
// is opened anew.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/watch_lines.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"
#include "podctl/scenario/history.hpp"

namespace podctl::cli {

class TestStreams {
 public:
  // `pods`: of the scenario; nobody else's enter the history. `logs`: lines are wanted too. `wake`:
  // what ends pump() once it is readable.
  TestStreams(Invocation& in, std::vector<const api::Pod*> pods, bool logs, int wake);

  // Opens the watches; what comes later is recorded. Before the pods are made.
  Result<void> open();
  // Reads what is there, waiting for it until the deadline (CLOCK_MONOTONIC).
  Result<void> pump(std::int64_t deadline_ns);
  // Takes what stands in podctld by now, so that nothing it has said already is missing.
  Result<void> catch_up();

  // Nanoseconds since open().
  std::uint64_t now_ns() const;
  const scenario::History& history() const { return history_; }
  scenario::Recorder& recorder() { return recorder_; }
  // A note of the scenario's own, now.
  void note(const std::string& pod, const std::string& container, std::string text);

 private:
  struct Stream {
    std::string path;  // of a watch; empty: a log
    std::string version;
    std::string pod, container;
    std::int32_t run = 0;
    std::string rest;   // of a log: an unfinished line
    WatchLines events;  // of a watch
    std::optional<Client> client;
    bool over = false;
  };
  using Take = void (TestStreams::*)(bool deleted, View object);
  // A change that was read and is not recorded yet.
  struct Change {
    std::uint64_t version = 0;
    boost::json::value line;
    Take take = nullptr;
  };

  Result<void> begin_watch(Stream& stream);
  Result<void> list(Stream& stream, Take take);
  Result<void> read_ready(std::int64_t deadline_ns);
  Result<void> read(Stream& stream);
  Result<void> broken(Stream& stream);
  Result<void> lines(Stream& stream, Take take);
  void record_changes();
  void log_lines(Stream& stream, bool all);
  void take_pod(bool deleted, View object);
  void take_event(bool deleted, View object);
  void follow_logs(const api::Pod& pod);
  const api::Pod* known(View object) const;

  Invocation& in_;
  std::vector<const api::Pod*> pods_;
  bool logs_;
  int wake_;
  Stream pod_watch_, event_watch_;
  std::vector<std::unique_ptr<Stream>> log_streams_;
  std::vector<Change> changes_;
  std::map<std::string, std::uint64_t> versions_;  // of pods, by name: the newest taken
  std::map<std::string, std::int64_t> counts_;     // of events, by name: how often they were taken
  std::set<std::string> gone_, followed_;
  scenario::History history_;
  scenario::Recorder recorder_{history_};
  std::int64_t begin_ns_ = 0;
};

}  // namespace podctl::cli
