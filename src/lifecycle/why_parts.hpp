// The parts of a diagnosis. Private to lifecycle: why.cpp asks the others, container by container.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "podctl/lifecycle/why.hpp"

namespace podctl::lifecycle {

// A container with all that is known of it.
struct Suspect {
  const api::Pod& pod;
  const api::Container& spec;
  const api::ContainerStatus& status;
  const Evidence& evidence;
  bool init = false, ephemeral = false;

  std::string name() const;  // "container \"web\"", "init container …", "sidecar …"
  std::string Name() const;  // at the beginning of a sentence
  const LastEnd* end() const;
  const Counters* counters() const;
  const Hook* hook() const;
  // Its newest event of that reason whose text has `words` in it, not older than `since`.
  const api::Event* event(std::string_view reason, std::string_view words = {},
                          api::Time since = {}) const;
};

// A cause about it, with no facts yet.
Cause cause_of(const Suspect& s, std::string reason, std::string problem, std::string remedy);
void add_fact(Cause& cause, std::string source, std::string text);

// What a probe or a hook runs, where it is a command: its events may say nothing but that it
// failed.
void add_command(Cause& cause, std::string_view what, const api::Box<api::ExecAction>& exec);
// What the container's postStart hook does, for it has one.
void add_post_start(const Suspect& s, Cause& cause);

bool contains(std::string_view text, std::string_view part);
// The text between the first `before` and the `after` that follows it; empty when there is none.
std::string between(std::string_view text, std::string_view before, std::string_view after);

// ---- why_start.cpp: it could not be started ----
// Of a waiting reason that stands for an image or a start; nothing for any other.
std::optional<Cause> start_cause(const Suspect& s, const api::ContainerStateWaiting& waiting);
// Of the message of a start that failed at execve.
Cause exec_cause(const Suspect& s, const std::string& message);
// The same for an event of the pod, of a sandbox that cannot be made.
Cause sandbox_cause(const api::Event& event);
// What to do for an object or a key of one that is not there, by a message that says so; empty when
// that is not the trouble.
std::string missing_config(std::string_view message);

// ---- why_end.cpp: it ran, and ended ----
Cause end_cause(const Suspect& s, const api::ContainerStateTerminated& end);

// ---- why_log.cpp: what a program said of itself ----
// The cause that the last lines of the log tell of, if they do; `ended`: how it ended, the first
// half of a sentence.
std::optional<Cause> log_cause(const Suspect& s, const std::string& ended);
// Whether its log is known and holds no line.
bool wrote_nothing(const Suspect& s);
// The last line as a fact, if there is one.
void add_last_line(const Suspect& s, Cause& cause);

// ---- why_running.cpp: it runs, and is not ready ----
std::optional<Cause> unready_cause(const Suspect& s);
// Of one that runs and is shown as waiting: its postStart hook takes long.
std::optional<Cause> hook_cause(const Suspect& s);
// "3 s", "2 min"
std::string span_text(std::uint64_t ns);

}  // namespace podctl::lifecycle
