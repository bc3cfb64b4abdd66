#include "node/prober.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <random>

#include "podctl/node/clock.hpp"

namespace podctl::node {

using lifecycle::ProbeOutcome;
using std::chrono::nanoseconds;

namespace {

// Probes that are due at about the same time go out at one: waking up costs more than a connection
// does. The first of a container does not wait for others.
constexpr std::uint64_t kTogetherNs = 20'000'000;

std::uint64_t with_others(std::uint64_t due_ns) {
  return (due_ns + kTogetherNs - 1) / kTogetherNs * kTogetherNs;
}

// What could not be tried at all is tried again at once, so often (K prober.go maxProbeRetries).
constexpr int kTries = 3;
// A command that has been killed is gone after milliseconds; so often it is looked whether it is.
constexpr std::uint64_t kLookNs = 100'000'000;

nanoseconds seconds_of(const std::optional<std::int32_t>& value, std::int32_t usual) {
  return std::chrono::seconds(std::max(value.value_or(usual), 1));
}

std::uint64_t part_of(nanoseconds period) {
  static std::mt19937_64 random{std::random_device{}()};
  return random() % static_cast<std::uint64_t>(period.count());
}

ProbeOutcome outcome_of(probe::Verdict verdict) {
  switch (verdict) {
    case probe::Verdict::kSuccess:
      return ProbeOutcome::kSuccess;
    case probe::Verdict::kWarning:
      return ProbeOutcome::kWarning;
    case probe::Verdict::kFailure:
      return ProbeOutcome::kFailure;
    case probe::Verdict::kError:
      break;
  }
  return ProbeOutcome::kError;
}

}  // namespace

struct Prober::Runner {
  explicit Runner(boost::asio::io_context& io) : timer(io) {}

  std::string container;
  std::uint32_t attempt = 0;
  lifecycle::ProbeKind kind = lifecycle::ProbeKind::kStartup;
  nanoseconds period{}, timeout{};
  Result<Target> target = fail(Code::kNotFound, "find probe", {});  // until the first try
  std::uint64_t due_ns = 0, answered_ns = 0;
  int tries = 0;
  std::unique_ptr<Call> call;
  boost::asio::steady_timer timer;
};

Prober::Prober(Context& context, std::string uid, TargetOf target_of, Report report)
    : context_(context),
      uid_(std::move(uid)),
      target_of_(std::move(target_of)),
      report_(std::move(report)) {}

Prober::~Prober() = default;

void Prober::follow(const std::vector<lifecycle::ProbePlan>& plans, bool spread) {
  const auto planned = [&plans](const Key& key, std::uint32_t attempt) {
    return std::any_of(plans.begin(), plans.end(), [&](const lifecycle::ProbePlan& plan) {
      return plan.container->name == key.first && plan.kind == key.second &&
             plan.attempt == attempt;
    });
  };
  std::erase_if(runners_,
                [&](const auto& entry) { return !planned(entry.first, entry.second->attempt); });
  for (const auto& plan : plans) {
    if (!runners_.contains({plan.container->name, plan.kind})) begin(plan, spread);
  }
}

void Prober::begin(const lifecycle::ProbePlan& plan, bool spread) {
  const auto& probe = *lifecycle::find_probe(*plan.container, plan.kind);
  auto runner = std::make_shared<Runner>(context_.io);
  runner->container = plan.container->name;
  runner->attempt = plan.attempt;
  runner->kind = plan.kind;
  runner->period = seconds_of(probe.periodSeconds, 10);
  runner->timeout = seconds_of(probe.timeoutSeconds, 1);
  runner->due_ns = std::max(plan.due_ns, boot_now_ns()) + (spread ? part_of(runner->period) : 0);
  wait(runner, runner->due_ns);
  runners_.emplace(Key{runner->container, runner->kind}, std::move(runner));
}

// A runner that is dropped drops its timer and its call with it.
void Prober::wait(const std::shared_ptr<Runner>& runner, std::uint64_t until_ns) {
  const auto now = boot_now_ns();
  runner->timer.expires_after(nanoseconds(until_ns > now ? until_ns - now : 0));
  runner->timer.async_wait(
      [this, weak = std::weak_ptr(runner)](const boost::system::error_code& cancelled) {
        const auto self = weak.lock();
        if (self && !cancelled) try_now(self);
      });
}

void Prober::try_now(const std::shared_ptr<Runner>& runner) {
  if (runner->call && runner->call->lingers()) return wait_out(runner);
  const bool command = runner->target && std::holds_alternative<wire::ExecSpec>(*runner->target);
  if (!command) runner->target = target_of_(runner->container, runner->kind);
  if (!runner->target) {
    return answered(runner, {probe::Verdict::kError, runner->target.error().message(), {}});
  }
  runner->call = begin_call(context_, uid_, *runner->target, runner->timeout,
                            [this, weak = std::weak_ptr(runner)](CallEnd end) {
                              if (const auto self = weak.lock()) answered(self, std::move(end));
                            });
}

// The command of the try before has been killed and counted. It is given a period to end in; one
// that cannot even be killed by then has failed again, for another one would fare no better.
void Prober::wait_out(const std::shared_ptr<Runner>& runner) {
  const auto now = boot_now_ns();
  const auto until = runner->answered_ns + static_cast<std::uint64_t>(runner->period.count());
  if (now >= until) {
    return answered(runner, {probe::Verdict::kFailure, "the command of an earlier try hangs", {}});
  }
  wait(runner, std::min(until, now + kLookNs));
}

void Prober::answered(const std::shared_ptr<Runner>& runner, CallEnd end) {
  // It has ended a moment ago, which is told any moment now: nothing is said of it by that.
  const bool gone = end.verdict == probe::Verdict::kError && end.gone;
  if (end.verdict == probe::Verdict::kError && !gone && runner->target &&
      ++runner->tries < kTries) {
    runner->call.reset();
    return try_now(runner);
  }
  runner->tries = 0;
  const auto now = boot_now_ns();
  runner->answered_ns = now;
  if (!gone) {
    report_(runner->container, runner->attempt,
            {runner->kind, now, outcome_of(end.verdict), std::move(end.text)});
  }
  runner->due_ns =
      std::max(runner->due_ns + static_cast<std::uint64_t>(runner->period.count()), now);
  wait(runner, with_others(runner->due_ns));
}

}  // namespace podctl::node
