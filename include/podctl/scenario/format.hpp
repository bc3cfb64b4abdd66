// A scenario as it is written: test.podctl.dev/v1, kind PodTest (docs/test-format.md).
//
// Plain data, member = YAML name, decoded through the same field tables as a manifest
// (src/scenario/tables.cpp). Durations are Go's ("90s", "1h30m"); an absent field is empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/meta.hpp"

namespace podctl::scenario {

using api::Box;

inline constexpr std::string_view kApiVersion = "test.podctl.dev/v1", kKind = "PodTest";

// One thing that may stand in a history. Exactly one of the second group says what it is; the first
// narrows it down, the third is about a state or a text.
struct Match {
  std::string pod, container;
  std::optional<std::int32_t> run;  // of the container: 1 is its first

  std::string state;  // waiting, running, terminated
  std::optional<bool> ready, started;
  std::string phase;
  std::string condition;  // "Ready", "Ready=False"
  std::string event;      // its reason: "Killing"
  std::string log;        // a line that contains this text; * is any text
  std::optional<bool> terminating, deleted;

  std::string reason;  // of a state or a phase
  std::optional<std::int32_t> exitCode;
  std::string message;  // contains; * is any text
};

struct Expect {
  Match match;
  Box<Match> before, after;
  std::string within, noSooner;
  std::optional<bool> never, now;
  std::optional<std::int32_t> times, atLeast, atMost;
};

struct Wait {
  Match match;
  std::optional<std::int32_t> times;
  std::string timeout;
};

struct Kill {
  std::string pod, container;
  std::string signal;           // SIGKILL when empty
  std::optional<bool> sandbox;  // the pod's sandbox instead of a container
};

struct Delete {
  std::string pod;
  std::optional<std::int64_t> gracePeriodSeconds;
};

// A command in a container. In the virtual world it succeeds, if the container runs.
struct Exec {
  std::string pod, container;
  std::vector<std::string> command;
  std::optional<std::int32_t> exitCode;  // expected; 0 when absent
  std::string output;                    // expected to be contained; * is any text
};

// What a probe answers from now on, as long as the run lasts; virtual only.
struct ProbeStep {
  std::string pod, container;
  std::string kind;    // startup, liveness, readiness
  std::string answer;  // success, warning, failure, error
  std::string message;
};

struct Step {
  Box<Wait> wait;
  Box<Expect> expect;
  Box<Kill> kill;
  Box<Exec> exec;
  Box<Delete> delete_;
  Box<ProbeStep> probe;
  std::string advance;
};

// A start that fails.
struct StartFault {
  std::string stage;  // config, create, start
  std::string message;
};

// What a probe answers from so long after the start on, until the next of these; before the first
// of them, and without any, it succeeds.
struct ProbeScript {
  std::string after;
  std::string answer;  // as in ProbeStep
  std::string message;
};

// How a hook goes; without one it succeeds at once.
struct HookScript {
  std::string takes;
  std::optional<bool> fails;
  std::string message;
};

// How one run of a container goes; --virtual only.
struct Run {
  std::string startsAfter;  // from being asked for to its first instruction
  std::string for_;         // how long it runs; empty: until it is stopped
  std::optional<std::int32_t> exitCode;
  std::optional<bool> oomKilled;
  std::string message;           // its termination message
  std::vector<std::string> log;  // lines that it writes when it starts
  std::optional<bool> ignoresStop;
  std::string stopsAfter;  // from the stop signal to its end
  std::optional<std::int32_t> stopCode;
  Box<StartFault> fails;
  std::vector<ProbeScript> startup, liveness, readiness;
  Box<HookScript> postStart, preStop;
};

struct Script {
  std::string pod, name;
  std::optional<bool> imageMissing;
  std::vector<Run> runs;  // the last one repeats
};

struct TestSpec {
  std::string description;
  std::vector<std::string> manifests;  // files beside this one; none: the pods of this file
  std::vector<std::string> modes;      // virtual, real; none: both
  std::optional<std::int32_t> orders;  // at most so many orders of simultaneous happenings
  std::vector<Script> containers;
  std::vector<Step> steps;
  std::vector<Expect> expect;
};

struct PodTest {
  std::string kind, apiVersion;
  api::ObjectMeta metadata;
  TestSpec spec;
};

}  // namespace podctl::scenario
