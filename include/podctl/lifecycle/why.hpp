// Why a pod is not what it is to be, in two sentences a cause: what is wrong, what to do. It joins
// what lies apart: the status, the events, the kernel's counters, the ends of logs, the manifest.
//
// Used by `podctl why` and `podctl describe`, in podctl. Pure. Every cause names the facts that it
// rests on and where each of them stands; what only a program has said of itself is called that.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "podctl/api/event.hpp"
#include "podctl/api/pod.hpp"

namespace podctl::lifecycle {

// What the kernel and the shim have counted of a container's last end.
struct LastEnd {
  std::int32_t signal = 0;  // that ended the main process; 0: none, or not known
  std::uint64_t oom_kills = 0;
  std::uint64_t pids_refused = 0;  // processes that it could not make for the limit of pids
};

// A postStart hook that the status does not tell of.
struct Hook {
  std::uint64_t runs_for_ns = 0;  // so far; 0: it does not run
  std::string failure;            // how it failed, for which its container was ended last
};

// Live counters of a running container.
struct Counters {
  std::uint64_t periods = 0, throttled_periods = 0;
  std::uint64_t oom_kills = 0;
  std::uint64_t pids_refused = 0;
};

// What there is beside the object; whatever is missing is not spoken of.
struct Evidence {
  std::vector<api::Event> events;                         // of the pod, in any order
  std::map<std::string, LastEnd> ends;                    // by container
  std::map<std::string, Counters> running;                // by container
  std::map<std::string, Hook> hooks;                      // by container
  std::map<std::string, std::vector<std::string>> lines;  // by container: the last of its log
};

// Where a fact stands: "status", "event", "kernel", "log", "manifest".
struct Fact {
  std::string source, text;
};

struct Cause {
  std::string container;  // empty: the pod itself
  std::string reason;     // one word, Kubernetes' own where there is one: "OOMKilled"
  std::string problem;    // a sentence
  std::string remedy;     // a sentence
  std::vector<Fact> facts;
  bool past = false;   // the container has been restarted since, and is well
  bool aside = false;  // of an ephemeral container, without which the pod is what it is
};

// Of what the pod itself suffers from now.
bool is_present(const Cause& cause);

enum class Health : std::uint8_t {
  kGood,      // it runs and is ready, or has ended with success
  kOnTheWay,  // it starts or is being deleted, and nothing speaks against it
  kBad,
};
std::string_view health_word(Health health);  // "good", "onTheWay", "bad"

struct Diagnosis {
  Health health = Health::kGood;
  std::string summary;        // a sentence; of a bad pod that of its first cause
  std::vector<Cause> causes;  // those of the present first, then those aside, then the past's
};

// The containers whose last lines diagnose() would look at.
std::vector<std::string> logs_wanted(const api::Pod& pod);

Diagnosis diagnose(const api::Pod& pod, const Evidence& evidence);

}  // namespace podctl::lifecycle
