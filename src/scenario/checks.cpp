#include "scenario/checks.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "podctl/api/duration.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/base/text.hpp"
#include "podctl/lifecycle/probing.hpp"
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
  void probe(const std::vector<ProbeScript>& script, const std::string& path);
  void answer(const std::string& value, const std::string& path);
  void expect(const Expect& expect, const std::string& path);
  void step(const Step& step, const std::string& path);
  void spec(const TestSpec& spec);
};

std::string joined(const std::vector<std::string>& names) { return text::join(names, ", "); }

const Names kStates = {"waiting", "running", "terminated"};
const Names kPhases = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};
const Names kStages = {"config", "create", "start"};
const Names kModes = {"virtual", "real"};
const Names kAnswers = {"success", "warning", "failure", "error"};
const Names kProbes = {"startup", "liveness", "readiness"};

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
  if (s.probe) words.emplace_back("probe");
  if (!s.advance.empty()) words.emplace_back("advance");
  if (words.size() != 1) {
    return words.empty() ? fault(path, "FieldValueRequired",
                                 "Required value: one of wait, expect, kill, exec, delete, probe, "
                                 "advance")
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
  if (s.probe) {
    if (s.probe->container.empty()) required(path + ".probe.container");
    if (s.probe->kind.empty()) required(path + ".probe.kind");
    one_of(path + ".probe.kind", s.probe->kind, kProbes);
    answer(s.probe->answer, path + ".probe.answer");
  }
  if (s.delete_ && s.delete_->gracePeriodSeconds.value_or(0) < 0) {
    invalid(path + ".delete.gracePeriodSeconds", std::to_string(*s.delete_->gracePeriodSeconds),
            "must be at least 0");
  }
}

void Checker::answer(const std::string& value, const std::string& path) {
  if (value.empty()) return required(path);
  one_of(path, value, kAnswers);
}

void Checker::probe(const std::vector<ProbeScript>& script, const std::string& path) {
  std::int64_t before = -1;
  for (std::size_t i = 0; i < script.size(); ++i) {
    const auto here = path + "[" + std::to_string(i) + "]";
    duration(here + ".after", script[i].after);
    answer(script[i].answer, here + ".answer");
    const auto after =
        script[i].after.empty() ? 0 : api::parse_duration(script[i].after).value_or(0);
    if (after <= before) {
      invalid(here + ".after", script[i].after, "must be later than the one before it");
    }
    before = after;
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
  probe(r.startup, path + ".startup");
  probe(r.liveness, path + ".liveness");
  probe(r.readiness, path + ".readiness");
  if (r.postStart) duration(path + ".postStart.takes", r.postStart->takes);
  if (r.preStop) duration(path + ".preStop.takes", r.preStop->takes);
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
  const bool is_virtual = s.modes.size() == 1 && s.modes[0] == "virtual";
  for (std::size_t i = 0; i < s.steps.size(); ++i) {
    const auto path = "spec.steps[" + std::to_string(i) + "]";
    step(s.steps[i], path);
    if (s.steps[i].probe && !is_virtual) {
      fault(path + ".probe", "FieldValueForbidden",
            "Forbidden: no real probe answers as it is told; only with modes: [virtual]");
    }
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

bool scripted_hook(const api::Container& c, lifecycle::HookKind kind) {
  const auto* hook = lifecycle::find_hook(c, kind);
  return hook != nullptr && (hook->exec || hook->httpGet);
}

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

  // A probe or hook that is scripted, and that no such container has.
  void check_has(const std::string& pod, const std::string& container, const char* field,
                 const std::function<bool(const api::Container&)>& has, const std::string& path) {
    bool known = false, found = false;
    for (const auto* p : pods_) {
      if (!pod.empty() && p->metadata.name != pod) continue;
      for (const auto* list : {&p->spec.initContainers, &p->spec.containers}) {
        for (const auto& c : *list) {
          known = known || c.name == container;
          found = found || (c.name == container && has(c));
        }
      }
    }
    if (!known || found) return;
    out_.fault(path, "FieldValueForbidden",
               "Forbidden: container " + container + " has no " + field + " to be scripted");
  }

 private:
  const std::vector<const api::Pod*>& pods_;
  Checker& out_;
  Names names_;
};

void check_probe(References& references, const std::string& pod, const std::string& container,
                 const std::string& kind, const std::string& path) {
  const auto field = kind + "Probe";
  references.check_has(
      pod, container, field.c_str(),
      [&](const api::Container& c) {
        return lifecycle::find_probe(c, probe_kind(kind)) != nullptr;
      },
      path);
}

void check_script(References& references, const Script& script, const std::string& path) {
  for (std::size_t i = 0; i < script.runs.size(); ++i) {
    const auto& run = script.runs[i];
    const auto here = path + ".runs[" + std::to_string(i) + "]";
    const auto probe = [&](const std::vector<ProbeScript>& answers, const char* kind) {
      if (!answers.empty())
        check_probe(references, script.pod, script.name, kind, here + "." + kind);
    };
    probe(run.startup, "startup");
    probe(run.liveness, "liveness");
    probe(run.readiness, "readiness");
    const auto hook = [&](bool set, lifecycle::HookKind kind, const char* field) {
      if (!set) return;
      references.check_has(
          script.pod, script.name, field,
          [kind](const api::Container& c) { return scripted_hook(c, kind); }, here + "." + field);
    };
    hook(run.postStart.has_value(), lifecycle::HookKind::kPostStart, "postStart");
    hook(run.preStop.has_value(), lifecycle::HookKind::kPreStop, "preStop");
  }
}

}  // namespace

lifecycle::ProbeKind probe_kind(std::string_view word) {
  if (word == "startup") return lifecycle::ProbeKind::kStartup;
  return word == "liveness" ? lifecycle::ProbeKind::kLiveness : lifecycle::ProbeKind::kReadiness;
}

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
    check_script(references, spec.containers[i], "spec.containers[" + std::to_string(i) + "]");
  }
  for (std::size_t i = 0; i < spec.steps.size(); ++i) {
    const auto path = "spec.steps[" + std::to_string(i) + "]";
    if (const auto& kill = spec.steps[i].kill) {
      references.check(kill->pod, kill->container, path + ".kill");
    }
    if (const auto& exec = spec.steps[i].exec) {
      references.check(exec->pod, exec->container, path + ".exec");
    }
    if (const auto& probe = spec.steps[i].probe) {
      references.check(probe->pod, probe->container, path + ".probe");
      check_probe(references, probe->pod, probe->container, probe->kind, path + ".probe.kind");
    }
    if (const auto& gone = spec.steps[i].delete_) references.check(gone->pod, {}, path + ".delete");
  }
  return std::move(c.faults);
}

}  // namespace podctl::scenario
