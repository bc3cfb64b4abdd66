#include "scenario/checks.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "podctl/api/duration.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"
#include "podctl/lifecycle/signal.hpp"

namespace podctl::scenario {
namespace {

using Names = std::vector<std::string_view>;
constexpr std::int64_t kLongest = 8760LL * 3600 * 1'000'000'000;

class Checker {
 public:
  api::Faults faults;

  void fault(std::string path, const char* code, std::string text) {
    faults.push_back({std::move(path), code, std::move(text), {}});
  }
  void required(std::string path) {
    fault(std::move(path), "FieldValueRequired", "Required value");
  }
  void invalid(std::string path, std::string_view value, std::string_view why) {
    fault(std::move(path), "FieldValueInvalid",
          "Invalid value: \"" + std::string(value) + "\": " + std::string(why));
  }

  void one_of(std::string path, std::string_view value, const Names& known) {
    if (value.empty() || std::find(known.begin(), known.end(), value) != known.end()) return;
    std::string text = "Unsupported value: \"" + std::string(value) + "\": supported values: ";
    for (std::size_t i = 0; i < known.size(); ++i) {
      text += (i == 0 ? "\"" : ", \"") + std::string(known[i]) + "\"";
    }
    fault(std::move(path), "FieldValueNotSupported", std::move(text) + meant(value, known));
  }
  static std::string meant(std::string_view value, const Names& known) {
    const auto near = text::nearest(value, known);
    return near ? "; did you mean \"" + std::string(*near) + "\"?" : "";
  }

  void duration(std::string path, std::string_view value) {
    if (value.empty()) return;
    const auto ns = api::parse_duration(value);
    if (!ns || *ns < 0) {
      invalid(std::move(path), value, "must be a duration as 10s, 1m30s or 500ms");
    } else if (*ns > kLongest) {
      invalid(std::move(path), value, "must be at most 8760h, a year");
    }
  }
  void at_least(std::string path, const std::optional<std::int32_t>& value, std::int32_t least) {
    if (!value || *value >= least) return;
    invalid(std::move(path), std::to_string(*value), "must be at least " + std::to_string(least));
  }
  void exit_code(std::string path, const std::optional<std::int32_t>& value) {
    if (!value || (*value >= 0 && *value <= 255)) return;
    invalid(std::move(path), std::to_string(*value), "must be between 0 and 255, inclusive");
  }
  void flag(std::string path, const std::optional<bool>& value) {
    if (!value || *value) return;
    invalid(std::move(path), "false", "can only be true: leave it out");
  }

  void match(const Match& m, const std::string& path);
  void run(const Run& run, const std::string& path);
  void expect(const Expect& expect, const std::string& path);
  void step(const Step& step, const std::string& path);
  void spec(const TestSpec& spec);
};

std::string joined(const std::vector<std::string>& names) { return text::join(names, ", "); }

const Names kStates = {"waiting", "running", "terminated"};
const Names kPhases = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};
const Names kStages = {"config", "create", "start"};
const Names kModes = {"virtual", "real"};

void Checker::match(const Match& m, const std::string& path) {
  std::vector<std::string> subjects;
  const auto subject = [&](bool set, const char* name) {
    if (set) subjects.emplace_back(name);
  };
  subject(!m.state.empty(), "state");
  subject(m.ready.has_value(), "ready");
  subject(m.started.has_value(), "started");
  subject(!m.phase.empty(), "phase");
  subject(!m.condition.empty(), "condition");
  subject(!m.event.empty(), "event");
  subject(!m.log.empty(), "log");
  subject(m.terminating.has_value(), "terminating");
  subject(m.deleted.has_value(), "deleted");
  if (subjects.empty()) {
    return fault(path, "FieldValueRequired",
                 "Required value: one of state, ready, started, phase, condition, event, log, "
                 "terminating, deleted");
  }
  if (subjects.size() > 1) {
    return fault(path, "FieldValueForbidden", "Forbidden: only one of " + joined(subjects));
  }
  const std::string& what = subjects[0];
  const auto only = [&](bool set, const char* field, std::initializer_list<const char*> with) {
    const bool fits = std::any_of(with.begin(), with.end(), [&](auto* w) { return what == w; });
    if (!set || fits) return;
    fault(path + "." + field, "FieldValueForbidden", "Forbidden: says nothing of " + what);
  };
  const bool of_pod =
      what == "phase" || what == "condition" || what == "terminating" || what == "deleted";
  if (of_pod && !m.container.empty()) {
    fault(path + ".container", "FieldValueForbidden", "Forbidden: " + what + " is the pod's");
  }
  only(m.run.has_value(), "run", {"state", "ready", "started", "log"});
  only(!m.reason.empty(), "reason", {"state", "phase"});
  only(m.exitCode.has_value(), "exitCode", {"state"});
  only(!m.message.empty(), "message", {"state", "phase", "event"});
  at_least(path + ".run", m.run, 1);
  exit_code(path + ".exitCode", m.exitCode);
  one_of(path + ".state", m.state, kStates);
  one_of(path + ".phase", m.phase, kPhases);
  flag(path + ".terminating", m.terminating);
  flag(path + ".deleted", m.deleted);
  if (m.exitCode && m.state != "terminated") {
    fault(path + ".exitCode", "FieldValueForbidden", "Forbidden: only with state: terminated");
  }
}

void Checker::expect(const Expect& e, const std::string& path) {
  std::vector<std::string> counts;
  if (e.never) counts.emplace_back("never");
  if (e.times) counts.emplace_back("times");
  if (e.atLeast || e.atMost) counts.emplace_back(e.atLeast ? "atLeast" : "atMost");
  if (e.now) counts.emplace_back("now");
  if (counts.size() > 1) {
    fault(path, "FieldValueForbidden", "Forbidden: only one of " + joined(counts));
  }
  flag(path + ".never", e.never);
  flag(path + ".now", e.now);
  at_least(path + ".times", e.times, 0);
  at_least(path + ".atLeast", e.atLeast, 0);
  at_least(path + ".atMost", e.atMost, 0);
  duration(path + ".within", e.within);
  duration(path + ".noSooner", e.noSooner);
  const bool timed = !e.within.empty() || !e.noSooner.empty();
  if (timed && !counts.empty()) {
    fault(path, "FieldValueForbidden",
          "Forbidden: within and noSooner are about the first time, " + counts[0] + " is not");
  }
  if (e.now && (e.before || e.after)) {
    fault(path, "FieldValueForbidden", "Forbidden: now has no before and no after");
  }
  if (e.now && (!e.match.event.empty() || !e.match.log.empty())) {
    fault(path + ".now", "FieldValueForbidden", "Forbidden: events and log lines do not last");
  }
}

void Checker::step(const Step& s, const std::string& path) {
  std::vector<std::string> words;
  if (s.wait) words.emplace_back("wait");
  if (s.expect) words.emplace_back("expect");
  if (s.kill) words.emplace_back("kill");
  if (s.exec) words.emplace_back("exec");
  if (s.delete_) words.emplace_back("delete");
  if (!s.advance.empty()) words.emplace_back("advance");
  if (words.size() != 1) {
    return words.empty() ? fault(path, "FieldValueRequired",
                                 "Required value: one of wait, expect, kill, exec, delete, advance")
                         : fault(path, "FieldValueForbidden",
                                 "Forbidden: a step is only one of " + joined(words));
  }
  duration(path + ".advance", s.advance);
  if (s.wait) {
    duration(path + ".wait.timeout", s.wait->timeout);
    at_least(path + ".wait.times", s.wait->times, 1);
  }
  if (s.expect) expect(*s.expect, path + ".expect");
  if (s.kill) {
    const bool sandbox = s.kill->sandbox.value_or(false);
    flag(path + ".kill.sandbox", s.kill->sandbox);
    if (sandbox == !s.kill->container.empty()) {
      fault(path + ".kill", sandbox ? "FieldValueForbidden" : "FieldValueRequired",
            sandbox ? "Forbidden: a container or the sandbox"
                    : "Required value: container, or sandbox: true");
    }
    if (!s.kill->signal.empty() && lifecycle::parse_signal(s.kill->signal) == 0) {
      invalid(path + ".kill.signal", s.kill->signal, "no signal's name or number");
    }
  }
  if (s.exec) {
    if (s.exec->container.empty()) required(path + ".exec.container");
    if (s.exec->command.empty()) required(path + ".exec.command");
    exit_code(path + ".exec.exitCode", s.exec->exitCode);
  }
  if (s.delete_ && s.delete_->gracePeriodSeconds.value_or(0) < 0) {
    invalid(path + ".delete.gracePeriodSeconds", std::to_string(*s.delete_->gracePeriodSeconds),
            "must be at least 0");
  }
}

void Checker::run(const Run& r, const std::string& path) {
  duration(path + ".startsAfter", r.startsAfter);
  duration(path + ".for", r.for_);
  duration(path + ".stopsAfter", r.stopsAfter);
  exit_code(path + ".exitCode", r.exitCode);
  exit_code(path + ".stopCode", r.stopCode);
  if (r.for_.empty() && (r.exitCode || r.oomKilled || !r.message.empty())) {
    fault(path + ".for", "FieldValueRequired",
          "Required value: without it the run goes on until it is stopped");
  }
  if (r.ignoresStop.value_or(false) && (r.stopCode || !r.stopsAfter.empty())) {
    fault(path + ".ignoresStop", "FieldValueForbidden",
          "Forbidden: a run that ignores the stop signal has no stopsAfter and no stopCode");
  }
  if (!r.fails) return;
  if (r.fails->stage.empty()) required(path + ".fails.stage");
  one_of(path + ".fails.stage", r.fails->stage, kStages);
}

void Checker::spec(const TestSpec& s) {
  for (std::size_t i = 0; i < s.modes.size(); ++i) {
    one_of("spec.modes[" + std::to_string(i) + "]", s.modes[i], kModes);
  }
  for (std::size_t i = 0; i < s.manifests.size(); ++i) {
    const auto path = "spec.manifests[" + std::to_string(i) + "]";
    if (s.manifests[i].empty()) required(path);
  }
  at_least("spec.orders", s.orders, 1);
  for (std::size_t i = 0; i < s.containers.size(); ++i) {
    const auto path = "spec.containers[" + std::to_string(i) + "]";
    if (s.containers[i].name.empty()) required(path + ".name");
    for (std::size_t k = 0; k < s.containers[i].runs.size(); ++k) {
      run(s.containers[i].runs[k], path + ".runs[" + std::to_string(k) + "]");
    }
  }
  for (std::size_t i = 0; i < s.steps.size(); ++i) {
    step(s.steps[i], "spec.steps[" + std::to_string(i) + "]");
  }
  for (std::size_t i = 0; i < s.expect.size(); ++i) {
    expect(s.expect[i], "spec.expect[" + std::to_string(i) + "]");
  }
  const bool checks = !s.expect.empty() || std::any_of(s.steps.begin(), s.steps.end(), [](auto& x) {
    return x.expect.has_value() || x.wait.has_value();
  });
  if (!checks) {
    fault("spec", "FieldValueRequired", "Required value: an expectation; this tests nothing");
  }
}

// ---- names ----

class References {
 public:
  References(const std::vector<const api::Pod*>& pods, Checker& out) : pods_(pods), out_(out) {
    for (const auto* pod : pods) names_.push_back(pod->metadata.name);
  }

  void check(const std::string& pod, const std::string& container, const std::string& path) {
    if (!pod.empty() && std::find(names_.begin(), names_.end(), pod) == names_.end()) {
      return out_.fault(path + ".pod", "FieldValueNotFound",
                        "Not found: \"" + pod + "\"" + Checker::meant(pod, names_));
    }
    if (pod.empty() && pods_.size() > 1) {
      return out_.fault(path + ".pod", "FieldValueRequired",
                        "Required value: there are several pods");
    }
    if (container.empty() || pods_.empty()) return;
    Names known;
    for (const auto* p : pods_) {
      if (!pod.empty() && p->metadata.name != pod) continue;
      for (const auto* list : {&p->spec.initContainers, &p->spec.containers}) {
        for (const auto& c : *list) known.push_back(c.name);
      }
    }
    if (std::find(known.begin(), known.end(), container) != known.end()) return;
    out_.fault(path + (path.starts_with("spec.containers") ? ".name" : ".container"),
               "FieldValueNotFound",
               "Not found: \"" + container + "\"" + Checker::meant(container, known));
  }

 private:
  const std::vector<const api::Pod*>& pods_;
  Checker& out_;
  Names names_;
};

}  // namespace

api::Faults check_values(const PodTest& test) {
  Checker c;
  const auto& name = test.metadata.name;
  if (name.empty()) {
    c.required("metadata.name");
  } else if (const auto why = api::check_dns_subdomain(name); !why.empty()) {
    c.invalid("metadata.name", name, why);
  }
  each_match(test, [&c](const Match& m, const std::string& path) { c.match(m, path); });
  c.spec(test.spec);
  return std::move(c.faults);
}

api::Faults check_references(const PodTest& test, const std::vector<const api::Pod*>& pods) {
  Checker c;
  References references(pods, c);
  each_match(test, [&](const Match& m, const std::string& path) {
    references.check(m.pod, m.container, path);
  });
  const auto& spec = test.spec;
  for (std::size_t i = 0; i < spec.containers.size(); ++i) {
    references.check(spec.containers[i].pod, spec.containers[i].name,
                     "spec.containers[" + std::to_string(i) + "]");
  }
  for (std::size_t i = 0; i < spec.steps.size(); ++i) {
    const auto path = "spec.steps[" + std::to_string(i) + "]";
    if (const auto& kill = spec.steps[i].kill) {
      references.check(kill->pod, kill->container, path + ".kill");
    }
    if (const auto& exec = spec.steps[i].exec) {
      references.check(exec->pod, exec->container, path + ".exec");
    }
    if (const auto& gone = spec.steps[i].delete_) references.check(gone->pod, {}, path + ".delete");
  }
  return std::move(c.faults);
}

}  // namespace podctl::scenario
