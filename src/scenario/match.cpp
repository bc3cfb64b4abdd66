// Whether an entry of a history is what a scenario speaks of, and both in words.
#include <vector>

#include "podctl/base/text.hpp"
#include "podctl/scenario/history.hpp"

namespace podctl::scenario {
namespace {

bool is_subject(const Match& m, const Entry& e) {
  switch (e.what) {
    case What::kState:
      return !m.state.empty() && m.state == e.word;
    case What::kReady:
      return m.ready && *m.ready == e.on;
    case What::kStarted:
      return m.started && *m.started == e.on;
    case What::kPhase:
      return !m.phase.empty() && m.phase == e.word;
    case What::kCondition: {
      if (m.condition.empty()) return false;
      const auto equals = m.condition.find('=');
      if (m.condition.substr(0, equals) != e.word) return false;
      const bool wanted = equals == std::string::npos || m.condition.substr(equals + 1) == "True";
      return wanted == e.on;
    }
    case What::kEvent:
      return !m.event.empty() && m.event == e.word;
    case What::kLog:
      return !m.log.empty() && holds(e.message, m.log);
    case What::kTerminating:
      return m.terminating.has_value();
    case What::kDeleted:
      return m.deleted.has_value();
    case What::kDone:
    case What::kOrdered:
      return false;
  }
  return false;
}

std::string run_text(std::int32_t run) { return " (run " + std::to_string(run) + ")"; }

std::string with(std::string text, std::string_view detail) {
  return detail.empty() ? text : text + ": " + std::string(detail);
}

std::string subject_text(const Match& m) {
  if (!m.state.empty()) return m.state;
  if (m.ready) return *m.ready ? "ready" : "not ready";
  if (m.started) return *m.started ? "started" : "not started";
  if (!m.phase.empty()) return "phase " + m.phase;
  if (!m.condition.empty()) return "condition " + m.condition;
  if (!m.event.empty()) return "event " + m.event;
  if (!m.log.empty()) return "log line \"" + m.log + "\"";
  return m.deleted ? "deleted" : "terminating";
}

}  // namespace

bool holds(std::string_view text, std::string_view pattern) {
  for (const auto part : text::split(pattern, '*')) {
    const auto at = text.find(part);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + part.size());
  }
  return true;
}

bool matches(const Match& m, const Entry& e) {
  if (!is_subject(m, e)) return false;
  if (!m.pod.empty() && m.pod != e.pod) return false;
  if (!m.container.empty() && m.container != e.container) return false;
  if (m.run && *m.run != e.run) return false;
  if (!m.reason.empty() && m.reason != e.reason) return false;
  if (m.exitCode && *m.exitCode != e.exit_code) return false;
  return m.message.empty() || holds(e.message, m.message);
}

// Within a moment: one container's own states, the pod's phase and conditions, which follow from
// its containers' states, and events, which podctld writes after the status that they come with.
bool earlier(const Entry& a, const Entry& b) {
  if (a.moment != b.moment) return a.moment < b.moment;
  if (a.pod != b.pod || &a > &b) return false;
  if (b.what == What::kEvent) return true;
  if (a.container.empty()) return false;
  return a.container == b.container || b.what == What::kPhase || b.what == What::kCondition;
}

std::string text_of(const Match& m) {
  std::string text;
  if (!m.pod.empty()) text += "pod " + m.pod + " ";
  if (!m.container.empty()) text += "container " + m.container + " ";
  text += subject_text(m);
  if (m.exitCode) text += ", exit code " + std::to_string(*m.exitCode);
  if (!m.reason.empty()) text += ", reason " + m.reason;
  if (!m.message.empty()) text += ", message \"" + m.message + "\"";
  if (m.run) text += run_text(*m.run);
  return text;
}

std::string text_of(const Entry& e) {
  switch (e.what) {
    case What::kState:
      if (e.word == "terminated") {
        return "terminated" + run_text(e.run) + ": " +
               with(e.reason + ", exit code " + std::to_string(e.exit_code), e.message);
      }
      if (e.word == "waiting") return with(with("waiting", e.reason), e.message);
      return e.word + run_text(e.run);
    case What::kReady:
      return e.on ? "ready" : "not ready";
    case What::kStarted:
      return e.on ? "started" : "not started";
    case What::kPhase:
      return with(with("phase " + e.word, e.reason), e.message);
    case What::kCondition:
      return with("condition " + e.word + "=" + (e.on ? "True" : "False"), e.reason);
    case What::kEvent:
      return std::string(e.warning ? "warning " : "event ") + with(e.word, e.message);
    case What::kLog:
      return "log: " + e.message;
    case What::kTerminating:
      return "terminating";
    case What::kDeleted:
      return "deleted";
    case What::kDone:
    case What::kOrdered:
      return e.message;
  }
  return {};
}

}  // namespace podctl::scenario
