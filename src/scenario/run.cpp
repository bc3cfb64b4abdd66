#include "podctl/scenario/run.hpp"

#include <csignal>
#include <deque>
#include <utility>

#include "podctl/base/text.hpp"
#include "podctl/lifecycle/signal.hpp"
#include "podctl/scenario/expect.hpp"
#include "podctl/scenario/load.hpp"
#include "scenario/world.hpp"

namespace podctl::scenario {
namespace {

constexpr std::uint64_t kDefaultTimeout = 60ULL * 1'000'000'000;
// More happenings than that at one instant, or in all, never end.
constexpr std::size_t kMostAtOnce = 10'000, kMostInAll = 1'000'000;

// One scenario in one order.
class VirtualRun {
 public:
  VirtualRun(const PodTest& test, const std::vector<const api::Pod*>& pods, Chooser& chooser)
      : test_(test), chooser_(chooser), world_(test, pods, chooser) {}

  std::optional<Failure> run() {
    world_.begin();
    for (std::size_t i = 0; i < test_.spec.steps.size(); ++i) {
      field_ = "spec.steps[" + std::to_string(i) + "]";
      if (auto failure = perform(test_.spec.steps[i])) return failure;
    }
    for (std::size_t i = 0; i < test_.spec.expect.size(); ++i) {
      field_ = "spec.expect[" + std::to_string(i) + "]";
      if (auto failure = expect(test_.spec.expect[i])) return failure;
    }
    return std::nullopt;
  }

  History take_history() { return world_.take_history(); }
  std::uint64_t lasted_ns() const { return world_.now_ns(); }

 private:
  Failure failed(std::string wanted, std::string text,
                 std::optional<std::size_t> entry = std::nullopt) const {
    return {field_, std::move(wanted), std::move(text), entry, 0};
  }
  std::optional<std::size_t> last_entry() const {
    if (world_.history().empty()) return std::nullopt;
    return world_.history().size() - 1;
  }

  // One happening until then, if there is one.
  bool next(std::uint64_t until_ns) {
    const auto before = world_.now_ns();
    const bool happened = world_.next(until_ns);
    at_once_ = world_.now_ns() == before ? at_once_ + 1 : 0;
    endless_ = endless_ || at_once_ > kMostAtOnce || ++in_all_ > kMostInAll;
    return happened && !endless_;
  }
  std::optional<Failure> endless() const {
    if (!endless_) return std::nullopt;
    return failed("an end", "the pod does not come to rest", last_entry());
  }

  std::optional<Failure> perform(const Step& step) {
    if (step.wait) return wait(*step.wait);
    if (step.expect) return expect(*step.expect);
    if (!step.advance.empty()) return advance(duration_ns(step.advance));
    race();
    if (endless_) return endless();
    return act(step);
  }

  // What the scenario does may come before or after anything else of its instant.
  void race() {
    while (world_.pending()) {
      if (chooser_.choose(2) == 1) {
        world_.note(What::kOrdered, {}, {}, "the scenario's next step comes first");
        return;
      }
      if (!next(world_.now_ns())) return;
    }
  }

  std::optional<Failure> act(const Step& step) {
    const auto [pod, container] = addressee_of(step);
    const auto text = text_of(step);
    world_.note(What::kDone, pod, container, text);
    const auto entry = last_entry();
    if (step.delete_) {
      if (world_.remove(pod, step.delete_->gracePeriodSeconds)) return std::nullopt;
      return failed(text, "the pod is gone already", entry);
    }
    if (step.exec) {
      if (world_.runs(pod, container)) return std::nullopt;
      return failed(text, "the container does not run", entry);
    }
    if (step.probe) {
      if (world_.answer_probes(*step.probe)) return std::nullopt;
      return failed(text, "the container does not run", entry);
    }
    if (step.kill->sandbox) {
      if (world_.kill_sandbox(pod)) return std::nullopt;
      return failed(text, "there is no sandbox", entry);
    }
    const auto& name = step.kill->signal;
    const int signal = name.empty() ? SIGKILL : lifecycle::parse_signal(name);
    if (world_.kill(pod, container, signal)) return std::nullopt;
    return failed(text, "the container does not run", entry);
  }

  std::optional<Failure> wait(const Wait& wait) {
    const auto timeout = wait.timeout.empty() ? kDefaultTimeout : duration_ns(wait.timeout);
    const auto until = world_.now_ns() + timeout;
    while (awaited(wait, world_.history()) == nullptr) {
      if (next(until)) continue;
      if (endless_) return endless();
      if (world_.now_ns() < until) continue;
      const std::string nth = wait.times ? " (" + std::to_string(*wait.times) + " times)" : "";
      return failed("wait for " + text_of(wait.match) + nth,
                    "it did not happen until " + seconds_text(world_.now_ns()), last_entry());
    }
    return std::nullopt;
  }

  // What is due at the very end is left for the next step, which may come before it.
  std::optional<Failure> advance(std::uint64_t ns) {
    const auto until = world_.now_ns() + ns;
    while (ns > 0 && (next(until - 1) || world_.now_ns() < until - 1) && !endless_) {
    }
    if (!endless_) world_.pass_to(until);
    return endless();
  }

  // First all that is due has to have happened.
  std::optional<Failure> expect(const Expect& expect) {
    while (world_.pending() && next(world_.now_ns())) {
    }
    if (endless_) return endless();
    auto objection = check(expect, world_.history());
    if (!objection) return std::nullopt;
    return failed(text_of(expect), std::move(objection->text), objection->entry);
  }

  const PodTest& test_;
  Chooser& chooser_;
  World world_;
  std::string field_;
  std::size_t at_once_ = 0, in_all_ = 0;
  bool endless_ = false;
};

}  // namespace

Report run_virtual(const PodTest& test, const std::vector<const api::Pod*>& pods,
                   std::size_t orders, const std::function<bool()>& stop) {
  const auto bound =
      static_cast<std::size_t>(test.spec.orders.value_or(static_cast<std::int32_t>(orders)));
  Report report;
  // Orders still to be run, each as the decisions up to its last that is not the first possibility.
  std::deque<std::vector<std::size_t>> waiting = {{}};
  while (!waiting.empty()) {
    if (stop && stop()) {
      report.stopped = true;
      report.all = false;
      return report;
    }
    const auto told = std::move(waiting.front());
    waiting.pop_front();
    Chooser chooser(told);
    VirtualRun run(test, pods, chooser);
    auto failure = run.run();
    ++report.orders;
    report.lasted_ns = std::max(report.lasted_ns, run.lasted_ns());
    if (failure || report.orders == 1) report.history = run.take_history();
    if (failure) {
      failure->order = report.orders;
      report.failure = std::move(failure);
      report.all = report.all && waiting.empty();
      return report;
    }
    const auto& taken = chooser.taken();
    for (std::size_t i = told.size(); i < taken.size(); ++i) {
      for (std::size_t other = 1; other < chooser.widths()[i]; ++other) {
        if (report.orders + waiting.size() >= bound) {
          report.all = false;
          break;
        }
        auto& next =
            waiting.emplace_back(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(i));
        next.push_back(other);
      }
    }
  }
  return report;
}

Addressee addressee_of(const Step& step) {
  if (step.kill) return {step.kill->pod, step.kill->container};
  if (step.exec) return {step.exec->pod, step.exec->container};
  if (step.probe) return {step.probe->pod, step.probe->container};
  return {step.delete_ ? step.delete_->pod : std::string(), {}};
}

std::string text_of(const Step& step) {
  if (step.wait) return "wait for " + text_of(step.wait->match);
  if (step.expect) return "expect " + text_of(*step.expect);
  if (!step.advance.empty()) return "advance " + step.advance;
  if (step.delete_) {
    const auto& grace = step.delete_->gracePeriodSeconds;
    return "delete the pod" + (grace ? ", grace " + std::to_string(*grace) + "s" : std::string());
  }
  if (step.exec)
    return "exec in " + step.exec->container + ": " + text::join(step.exec->command, " ");
  if (step.probe) {
    return "the " + step.probe->kind + " probe of " + step.probe->container + " answers " +
           step.probe->answer;
  }
  if (step.kill->sandbox) return "kill the sandbox";
  return "kill " + step.kill->container +
         (step.kill->signal.empty() ? "" : " with " + step.kill->signal);
}

}  // namespace podctl::scenario
