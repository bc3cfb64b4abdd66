// What a pod went through, as its API shows it: states, phases, conditions, events, log lines.
//
// The same for both ways to run a scenario: a Recorder makes it from the statuses and events that
// lifecycle yields (virtual) or podctld's watches show (real). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/scenario/format.hpp"

namespace podctl::scenario {

enum class What : std::uint8_t {
  kState,
  kReady,
  kStarted,
  kPhase,
  kCondition,
  kEvent,
  kLog,
  kTerminating,
  kDeleted,
  kDone,     // what the scenario did: a step of it
  kOrdered,  // virtual: which of several simultaneous happenings came first
};

struct Entry {
  std::uint64_t at_ns = 0;  // since the scenario began
  // Entries of one moment were seen at once; earlier() says which of them have an order.
  std::size_t moment = 0;
  What what = What::kState;
  std::string pod, container;
  std::int32_t run = 0;  // of the container, from 1
  std::string word;      // the state, phase, condition's type, event's reason
  bool on = true;        // of ready, started, a condition
  std::string reason, message;
  std::int32_t exit_code = 0;
  bool warning = false;
};

using History = std::vector<Entry>;

bool matches(const Match& match, const Entry& entry);
// Whether a text holds a pattern, in which * stands for any text.
bool holds(std::string_view text, std::string_view pattern);
// Whether a comes before b.
bool earlier(const Entry& a, const Entry& b);

// "container app running (run 2)": a match or an entry in words.
std::string text_of(const Match& match);
std::string text_of(const Entry& entry);

class Recorder {
 public:
  explicit Recorder(History& history) : history_(history) {}

  // Begins a moment; what is recorded next belongs to it.
  void moment(std::uint64_t at_ns);
  void status(const api::Pod& pod);
  // `field_path` is the event's: "spec.containers{app}".
  void event(const std::string& pod, std::string reason, std::string message,
             std::string_view field_path, bool warning);
  void log(const std::string& pod, const std::string& container, std::int32_t run,
           std::string line);
  void deleted(const std::string& pod);
  // A step of the scenario, or an order that was chosen.
  void note(What what, std::string pod, std::string container, std::string text);

 private:
  struct Container {
    bool ready = false, started = false;
    std::string state, reason;
    std::int32_t ran = 0, ended = 0;  // the newest run recorded as running, as ended
  };
  struct PodSeen {
    bool terminating = false;
    std::string phase;
    std::map<std::string, Container> containers;
    std::map<std::string, std::string> conditions;
  };

  Entry& add(What what, const std::string& pod, const std::string& container = {});
  void container(const std::string& pod, const api::ContainerStatus& status, Container& seen);
  void ended(const std::string& pod, const std::string& name,
             const api::ContainerStateTerminated& end, std::int32_t run, Container& seen);

  History& history_;
  std::map<std::string, PodSeen> pods_;
  std::uint64_t at_ns_ = 0;
  std::size_t moment_ = 0;
};

}  // namespace podctl::scenario
