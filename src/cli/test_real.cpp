#include "cli/test_real.hpp"

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>

#include "cli/pod_actions.hpp"
#include "cli/reset.hpp"
#include "cli/test_exec.hpp"
#include "cli/test_stream.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/lifecycle/signal.hpp"
#include "podctl/scenario/expect.hpp"
#include "podctl/scenario/load.hpp"

namespace podctl::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kDefaultTimeout = 60ULL * kSecond;
constexpr std::int64_t kForPodsToGo = 60 * kSecond, kForACommand = 60 * kSecond;

bool wants_logs(const scenario::PodTest& test) {
  const auto of = [](const scenario::Expect& e) {
    return !e.match.log.empty() || (e.before && !e.before->log.empty()) ||
           (e.after && !e.after->log.empty());
  };
  return std::any_of(test.spec.expect.begin(), test.spec.expect.end(), of) ||
         std::any_of(test.spec.steps.begin(), test.spec.steps.end(), [&](const auto& step) {
           return (step.wait && !step.wait->match.log.empty()) || (step.expect && of(*step.expect));
         });
}

// One scenario.
class RealRun {
 public:
  RealRun(Invocation& in, const scenario::PodTest& test,
          const std::vector<api::Manifest>& manifests, const Interrupt& interrupt)
      : in_(in),
        test_(test),
        manifests_(manifests),
        interrupt_(interrupt),
        streams_(in, pods(), wants_logs(test), interrupt.fd()) {}

  Result<scenario::Report> run() {
    TRY(streams_.open());
    auto failure = play();
    auto cleared = clear();
    const bool cancelled = !failure && failure.error().code == Code::kCancelled;
    if (cancelled) TRY(std::move(cleared));
    if (!failure) return Failure(std::move(failure).error());
    TRY(std::move(cleared));
    scenario::Report report;
    report.orders = 1;
    report.lasted_ns = streams_.now_ns();
    report.failure = std::move(*failure);
    report.history = streams_.history();
    return report;
  }

 private:
  using Outcome = Result<std::optional<scenario::Failure>>;

  std::vector<const api::Pod*> pods() const {
    std::vector<const api::Pod*> all;
    for (const auto& m : manifests_) {
      if (m.is_pod()) all.push_back(&m.pod);
    }
    return all;
  }
  const api::Pod& pod(const std::string& name) const {
    const auto found = std::find_if(manifests_.begin(), manifests_.end(), [&](const auto& m) {
      return m.is_pod() && (name.empty() || m.pod.metadata.name == name);
    });
    return found->pod;  // load has seen to it that there is one
  }

  scenario::Failure failed(std::string wanted, std::string text) const {
    std::optional<std::size_t> last;
    if (!streams_.history().empty()) last = streams_.history().size() - 1;
    return {field_, std::move(wanted), std::move(text), last, 1};
  }

  Result<void> go_on() const {
    if (interrupt_.signal() == 0) return {};
    return fail(Code::kCancelled, "run the scenario", {}, "interrupted by " + interrupt_.name());
  }

  Outcome play() {
    // What pods take their variables and files from is there before them.
    for (const bool pods : {false, true}) {
      for (const auto& manifest : manifests_) {
        TRY(go_on());
        if (manifest.is_pod() == pods) TRY(make(manifest));
      }
    }
    for (std::size_t i = 0; i < test_.spec.steps.size(); ++i) {
      TRY(go_on());
      field_ = "spec.steps[" + std::to_string(i) + "]";
      if (auto failure = TRY(perform(test_.spec.steps[i]))) return failure;
    }
    for (std::size_t i = 0; i < test_.spec.expect.size(); ++i) {
      field_ = "spec.expect[" + std::to_string(i) + "]";
      if (auto failure = TRY(expect(test_.spec.expect[i]))) return failure;
    }
    return std::optional<scenario::Failure>();
  }

  Result<void> make(const api::Manifest& manifest) {
    auto object = api::to_value(manifest.tree);
    const auto& meta = manifest.metadata();
    object.as_object()["metadata"].as_object()["namespace"] = meta.namespace_;
    Request request;
    request.method = "POST";
    request.target = resource_of(*manifest.kind).path(meta.namespace_);
    request.body = boost::json::serialize(object);
    const auto reply = TRY(in_.call(request));
    if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
    return {};
  }

  // Whatever is left of the pods and of the other objects goes at once.
  Result<void> clear() {
    std::vector<Going> going;
    for (const auto& manifest : manifests_) {
      const auto& meta = manifest.metadata();
      auto gone = request_delete(in_, meta.namespace_, meta.name, 0, resource_of(*manifest.kind));
      if (!gone && gone.error().code == Code::kNotFound) continue;
      Going asked = TRY(std::move(gone));
      if (manifest.is_pod()) going.push_back(std::move(asked));
    }
    if (going.empty()) return {};
    return wait_gone(in_, going, monotonic_ns() + kForPodsToGo);
  }

  Outcome perform(const scenario::Step& step) {
    if (step.wait) return wait(*step.wait);
    if (step.expect) return expect(*step.expect);
    if (!step.advance.empty()) return advance(scenario::duration_ns(step.advance));
    return act(step);
  }

  Outcome advance(std::uint64_t ns) {
    const auto until = monotonic_ns() + static_cast<std::int64_t>(ns);
    while (monotonic_ns() < until) {
      TRY(go_on());
      TRY(streams_.pump(until));
    }
    return std::optional<scenario::Failure>();
  }

  Outcome wait(const scenario::Wait& wait) {
    const auto timeout =
        wait.timeout.empty() ? kDefaultTimeout : scenario::duration_ns(wait.timeout);
    const auto until = monotonic_ns() + static_cast<std::int64_t>(timeout);
    while (scenario::awaited(wait, streams_.history()) == nullptr) {
      if (monotonic_ns() >= until) {
        return std::optional(
            failed("wait for " + scenario::text_of(wait.match),
                   "it did not happen until " + scenario::seconds_text(streams_.now_ns())));
      }
      TRY(go_on());
      TRY(streams_.pump(until));
    }
    return std::optional<scenario::Failure>();
  }

  Outcome expect(const scenario::Expect& expect) {
    TRY(streams_.catch_up());
    auto objection = scenario::check(expect, streams_.history());
    if (!objection) return std::optional<scenario::Failure>();
    auto failure = failed(scenario::text_of(expect), std::move(objection->text));
    failure.entry = objection->entry;
    return std::optional(std::move(failure));
  }

  Outcome act(const scenario::Step& step) {
    const auto text = scenario::text_of(step);
    const auto to = scenario::addressee_of(step);
    const auto& target = pod(to.pod);
    streams_.note(target.metadata.name, to.container, text);
    auto done = step.kill   ? kill(*step.kill, target)
                : step.exec ? exec(*step.exec, target)
                            : remove(*step.delete_, target);
    if (done) return std::optional<scenario::Failure>();
    const auto code = done.error().code;
    if (code == Code::kUnavailable || code == Code::kCancelled)
      return Failure(std::move(done).error());
    return std::optional(failed(text, done.error().message()));
  }

  Result<void> remove(const scenario::Delete& step, const api::Pod& target) {
    TRY(request_delete(in_, target.metadata.namespace_, target.metadata.name,
                       step.gracePeriodSeconds));
    return {};
  }

  Result<void> exec(const scenario::Exec& step, const api::Pod& target) {
    const auto& meta = target.metadata;
    const auto result = TRY(exec_in(in_, pods_path(meta.namespace_, meta.name), step.container,
                                    step.command, monotonic_ns() + kForACommand, interrupt_.fd()));
    const auto wanted = step.exitCode.value_or(0);
    if (result.exit_code != wanted) {
      return fail(Code::kFailedPrecondition,
                  "it ended with exit code " + std::to_string(result.exit_code) + ", not " +
                      std::to_string(wanted),
                  {}, utf8::printable(result.output));
    }
    if (scenario::holds(result.output, step.output)) return {};
    return fail(Code::kFailedPrecondition, "its output is another", {},
                utf8::printable(result.output));
  }

  // As anybody on the machine could: by the process that podctld's report names.
  Result<void> kill(const scenario::Kill& step, const api::Pod& target) {
    const auto& meta = target.metadata;
    const auto report = TRY(in_.fetch(podctl_path("/namespaces/" + url_escape(meta.namespace_) +
                                                  "/pods/" + url_escape(meta.name) + "/sandbox")));
    const bool sandbox = step.sandbox.value_or(false);
    const std::string holder = sandbox ? "pause" : "container/" + step.container;
    const int signal = step.signal.empty() ? SIGKILL : lifecycle::parse_signal(step.signal);
    for (const auto& item : View(report)["namespaces"].items()) {
      if (View(item)["holder"].str() != holder) continue;
      const auto pid = static_cast<pid_t>(View(item)["pid"].num());
      if (pid <= 1) break;
      if (::kill(pid, signal) != 0) return fail_errno(errno, "kill", holder);
      return {};
    }
    return fail(Code::kFailedPrecondition,
                sandbox ? "there is no sandbox" : "the container does not run", {});
  }

  Invocation& in_;
  const scenario::PodTest& test_;
  const std::vector<api::Manifest>& manifests_;
  const Interrupt& interrupt_;
  TestStreams streams_;
  std::string field_;
};

const Option* root_option() {
  for (const auto& option : root_command().options) {
    if (option.name == "root") return &option;
  }
  return nullptr;
}

}  // namespace

Result<Stage> Stage::open(const Invocation& outer, Interrupt& interrupt) {
  Stage stage;
  Parsed parsed = outer.args;
  if (outer.layout.root().empty()) {
    std::error_code ignored;
    std::string name =
        std::filesystem::temp_directory_path(ignored).string() + "/podctl-test.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return fail_errno(errno, "make a directory", name);
    stage.own_root_ = name;
    parsed.options.emplace_back(root_option(), name);
    interrupt.say(
        "interrupted: the pods and their podctld are taken away; a second signal leaves them\n",
        "given up: a podctld and its pods are left in " + name + ": 'podctl --root " + name +
            " system reset --yes' takes them away\n");
  } else {
    interrupt.say("interrupted: the scenario's pods are deleted; a second signal leaves them\n",
                  "given up: the scenario's pods may be left in " + outer.layout.root() +
                      ": 'podctl --root " + outer.layout.root() + " get pods' tells\n");
  }
  stage.in_ = std::make_unique<Invocation>(std::move(parsed));
  auto client = stage.in_->connect();
  if (client) return stage;
  if (!stage.own_root_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(stage.own_root_, ignored);
  }
  return Failure(std::move(client).error());
}

Result<void> Stage::close(Interrupt& interrupt) {
  if (!own_root_.empty()) TRY_CONTEXT(remove_root(), "take away the root " + own_root_);
  interrupt.say({}, {});
  return {};
}

Result<void> Stage::remove_root() {
  TRY(reset_root(*in_));
  std::error_code error;
  std::filesystem::remove_all(own_root_, error);
  if (error) return fail_errno(error.value(), "remove", own_root_);
  return {};
}

Result<scenario::Report> run_real(Invocation& in, const scenario::PodTest& test,
                                  const std::vector<api::Manifest>& manifests,
                                  const Interrupt& interrupt) {
  return RealRun(in, test, manifests, interrupt).run();
}

}  // namespace podctl::cli
