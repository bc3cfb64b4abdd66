// What kubectl says about a pod in one word or one column, from the object alone.
//
// Pure functions, used by server (Table), cli (get, describe) and tests; no clock: `now` is given.
// The algorithm is kubectl's printPod with native sidecars.
#pragma once

#include <cstdint>
#include <string>

#include "podctl/api/pod.hpp"

namespace podctl::api {

// An init container with restartPolicy Always.
bool is_sidecar(const Container& container);

// Column STATUS: "Running", "Init:0/2", "CrashLoopBackOff", "Terminating", …
std::string status_text(const Pod& pod);

// Column READY: regular containers and sidecars.
struct ReadyCount {
  std::uint32_t ready = 0, total = 0;
  std::string str() const { return std::to_string(ready) + "/" + std::to_string(total); }
};
ReadyCount ready_count(const Pod& pod);

// Column RESTARTS. Before the pod is initialized those of the init containers count, afterwards
// those of regular containers and sidecars. `last` is when the newest ended attempt finished;
// absent: none.
struct RestartCount {
  std::int64_t count = 0;
  Time last;
};
RestartCount restart_count(const Pod& pod);
// "0" or "3 (5m ago)".
std::string restarts_text(const Pod& pod, const Time& now);

// kubectl's short form of a duration in nanoseconds: "42s", "3m5s", "2h30m", "9d", "3y12d";
// "<invalid>" when negative beyond two seconds, "0s" down to there.
std::string human_duration(std::int64_t nanoseconds);
// Column AGE: the time since; "<unknown>" when absent.
std::string age_text(const Time& since, const Time& now);

}  // namespace podctl::api
