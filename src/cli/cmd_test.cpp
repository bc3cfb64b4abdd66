// test: reads scenarios and the manifests beside them, runs each, and says what came of it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/manifest_files.hpp"
#include "cli/test_real.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"
#include "podctl/scenario/load.hpp"
#include "podctl/scenario/report.hpp"
#include "podctl/scenario/run.hpp"

namespace podctl::cli {
namespace {

namespace fs = std::filesystem;
using scenario::Outcome;

// A scenario with all that belongs to it.
struct Case {
  const ManifestFile* file = nullptr;
  scenario::Loaded::Test loaded;
  std::vector<api::Manifest> manifests;

  const scenario::PodTest& test() const { return loaded.test; }
  std::vector<const api::Pod*> pods() const {
    std::vector<const api::Pod*> all;
    for (const auto& m : manifests) {
      if (m.is_pod()) all.push_back(&m.pod);
    }
    return all;
  }
};

// What was read, and what is wrong with it.
struct Suite {
  std::vector<ManifestFile> files;
  std::vector<Case> cases;
  std::string shown;
  std::size_t faults = 0;

  void object(const api::Faults& found, const ManifestFile& file) {
    shown += api::render(found, file.name, file.text);
    faults += found.size();
  }
};

// Of a directory the files that hold scenarios; a file that is named has to hold one.
Result<std::vector<ManifestFile>> test_files(const std::vector<std::string>& operands) {
  std::vector<ManifestFile> found;
  for (const auto& operand : operands) {
    std::error_code ignored;
    const bool directory = fs::is_directory(operand, ignored);
    const std::size_t before = found.size();
    for (auto& file : TRY(read_manifests({operand}, true))) {
      if (scenario::holds_tests(file.text)) found.push_back(std::move(file));
    }
    if (found.size() > before) continue;
    return fail(Code::kNotFound,
                std::string("no test in the ") + (directory ? "directory" : "file") + " \"" +
                    operand + "\"",
                {}, "a test is a document of kind PodTest, apiVersion test.podctl.dev/v1");
  }
  return found;
}

// A manifest that a scenario names, looked for beside the scenario.
Result<void> add_manifests(const std::string& name, const ManifestFile& beside, Case& made,
                           Suite& suite) {
  const fs::path directory = fs::path(beside.name).parent_path();
  const std::string path = (directory / name).string();
  for (const auto& file : TRY(read_manifests({path}, false))) {
    auto loaded = api::load_manifests(file.text);
    suite.object(loaded.faults, file);
    std::move(loaded.manifests.begin(), loaded.manifests.end(), std::back_inserter(made.manifests));
  }
  return {};
}

api::Faults pod_faults(const Case& made) {
  const auto pods = made.pods();
  const auto& tree = made.loaded.tree;
  if (pods.empty()) {
    return {{"spec.manifests", "FieldValueRequired",
             "Required value: no pod stands in this file either",
             api::locate(tree, "spec.manifests")}};
  }
  api::Faults faults;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (pods[i]->metadata.name != pods[k]->metadata.name) continue;
      faults.push_back({"spec.manifests", "FieldValueDuplicate",
                        "Duplicate value: two pods \"" + pods[i]->metadata.name + "\"",
                        api::locate(tree, "spec.manifests")});
    }
  }
  return faults.empty() ? scenario::check_names(made.loaded, pods) : faults;
}

void load_file(const ManifestFile& file, Suite& suite) {
  auto loaded = scenario::load(file.text);
  suite.object(loaded.faults, file);
  if (!loaded.faults.empty()) return;
  for (auto& test : loaded.tests) {
    Case made{&file, std::move(test), {}};
    const auto& names = made.test().spec.manifests;
    if (names.empty()) made.manifests = loaded.manifests;
    const std::size_t before = suite.faults;
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto added = add_manifests(names[i], file, made, suite);
      if (added) continue;
      const auto field = "spec.manifests[" + std::to_string(i) + "]";
      suite.object({{field, "FieldValueInvalid", added.error().message(),
                     api::locate(made.loaded.tree, field)}},
                   file);
    }
    if (suite.faults == before) suite.object(pod_faults(made), file);
    suite.cases.push_back(std::move(made));
  }
}

Result<Suite> load_suite(const std::vector<std::string>& operands) {
  Suite suite;
  suite.files = TRY(test_files(operands));
  for (const auto& file : suite.files) load_file(file, suite);
  return suite;
}

std::string count_text(std::size_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

std::string orders_text(const scenario::Report& report) {
  return (report.all ? "" : "the first ") + count_text(report.orders, "order") +
         (report.all ? "" : " of more");
}

// The place in the file, what was expected, what came, and the whole timeline with the point in it.
std::string failure_text(const Case& c, const scenario::Failure& failure,
                         const scenario::History& history) {
  const api::Fault fault{failure.field, "", "expected " + failure.wanted + ": " + failure.text,
                         api::locate(c.loaded.tree, failure.field)};
  return api::render(fault, c.file->name, c.file->text) +
         scenario::timeline(history, failure.entry);
}

// Where the scenarios run: in the virtual world, or in a podctld.
class Runner {
 public:
  Runner(Stage* stage, std::size_t orders, const Interrupt& interrupt)
      : stage_(stage), orders_(orders), interrupt_(interrupt) {}

  const char* mode() const { return stage_ != nullptr ? "real" : "virtual"; }
  Result<scenario::Report> run(const Case& c) const {
    if (stage_ != nullptr) return run_real(stage_->in(), c.test(), c.manifests, interrupt_);
    return scenario::run_virtual(c.test(), c.pods(), orders_,
                                 [this] { return interrupt_.signal() != 0; });
  }
  // Why a run is no verdict on its scenario; empty when it is one.
  std::string stopped(const Result<scenario::Report>& report) const {
    const bool was = report ? report->stopped : report.error().code == Code::kCancelled;
    return was ? "interrupted by " + interrupt_.name() : "";
  }
  // What is said of a run that held: how many orders, where there may be several.
  std::string held(const scenario::Report& report) const {
    return stage_ != nullptr ? "" : orders_text(report) + ", ";
  }
  std::string broke(const scenario::Failure& failure) const {
    return stage_ != nullptr ? "" : "in order " + std::to_string(failure.order) + ", ";
  }

 private:
  Stage* stage_;
  std::size_t orders_;
  const Interrupt& interrupt_;
};

Outcome run_case(const Case& c, const Runner& runner, bool verbose, std::string& printed) {
  Outcome outcome{c.file->name, c.test().metadata.name, runner.mode()};
  const std::string title = outcome.file + ": " + outcome.name;
  if (!scenario::runs_in(c.test(), outcome.mode)) {
    outcome.kind = Outcome::Kind::kSkipped;
    outcome.message = "not for --" + outcome.mode;
    printed = "skip  " + title + " (" + outcome.message + ")\n";
    return outcome;
  }
  const auto begin = monotonic_ns();
  const auto report = runner.run(c);
  outcome.took_ns = static_cast<std::uint64_t>(monotonic_ns() - begin);
  const std::string took = human_ns(outcome.took_ns);
  if (auto why = runner.stopped(report); !why.empty()) {
    outcome.kind = Outcome::Kind::kSkipped;
    outcome.message = std::move(why);
    printed = "stop  " + title + " (" + outcome.message + ", " + took + ")\n";
    return outcome;
  }
  if (report && !report->failure) {
    printed = "ok    " + title + " (" + runner.held(*report) + took + ")\n";
    if (verbose) printed += scenario::timeline(report->history);
    return outcome;
  }
  outcome.kind = Outcome::Kind::kFailed;
  if (!report) {
    outcome.message = outcome.text = report.error().message();
    printed = "FAIL  " + title + " (" + took + ")\nerror: " + outcome.text + "\n";
    return outcome;
  }
  const auto& failure = *report->failure;
  outcome.message = "expected " + failure.wanted + ": " + failure.text;
  outcome.text = failure_text(c, failure, report->history);
  printed = "FAIL  " + title + " (" + runner.broke(failure) + took + ")\n" + outcome.text;
  return outcome;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) return fail_errno(errno, "write", path);
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::write(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write", path);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

std::string summary(const std::vector<Outcome>& outcomes) {
  const auto count = [&](Outcome::Kind kind) {
    return std::count_if(outcomes.begin(), outcomes.end(),
                         [kind](const Outcome& o) { return o.kind == kind; });
  };
  std::string text = std::to_string(count(Outcome::Kind::kPassed)) + " passed";
  if (const auto n = count(Outcome::Kind::kFailed)) text += ", " + std::to_string(n) + " failed";
  if (const auto n = count(Outcome::Kind::kSkipped)) text += ", " + std::to_string(n) + " skipped";
  return text + "\n";
}

// Every scenario in its turn; after a signal those that are left are only named.
std::vector<Outcome> run_cases(Invocation& in, const Suite& suite, const Runner& runner,
                               const Interrupt& interrupt) {
  std::vector<Outcome> outcomes;
  for (const auto& c : suite.cases) {
    if (interrupt.signal() != 0) {
      auto& left = outcomes.emplace_back(
          Outcome{c.file->name, c.test().metadata.name, runner.mode(), Outcome::Kind::kSkipped});
      left.message = "not run: interrupted by " + interrupt.name();
      continue;
    }
    std::string printed;
    outcomes.push_back(run_case(c, runner, in.args.flag("verbose"), printed));
    in.try_out(printed);
  }
  return outcomes;
}

struct Ran {
  std::vector<Outcome> outcomes;
  Result<void> closed;  // whether what was made for them is gone
};

// The scenarios in one stage, which is taken away whatever came of them.
Result<Ran> run_suite(Invocation& in, const Suite& suite, std::size_t orders,
                      Interrupt& interrupt) {
  std::optional<Stage> stage;
  if (in.args.flag("real")) stage = TRY(Stage::open(in, interrupt));
  const Runner runner(stage ? &*stage : nullptr, orders, interrupt);
  Ran ran{run_cases(in, suite, runner, interrupt), {}};
  if (stage) ran.closed = stage->close(interrupt);
  return ran;
}

}  // namespace

int run_test(Invocation& in) {
  const auto orders =
      text::parse_u64(in.args.get("orders", std::to_string(scenario::kDefaultOrders)));
  if (!orders || *orders == 0 || *orders > 1'000'000) {
    return in.usage("--orders must be a number from 1 to 1000000");
  }
  if (in.args.flag("virtual") && in.args.flag("real")) {
    return in.usage("--virtual and --real cannot be used together");
  }
  auto suite = load_suite(in.args.operands);
  if (!suite) return in.usage(suite.error().message());
  if (suite->faults > 0) {
    in.err(suite->shown);
    return in.usage(count_text(suite->faults, "fault") + ": nothing was run");
  }
  Interrupt interrupt;
  const auto ran = run_suite(in, *suite, *orders, interrupt);
  if (!ran) return in.failed(ran.error());
  const auto& outcomes = ran->outcomes;
  if (const auto path = in.args.find("junit")) {
    if (auto written = write_file(std::string(*path), scenario::junit(outcomes)); !written) {
      return in.failed(written.error());
    }
  }
  interrupt.signal() == 0 ? in.out(summary(outcomes)) : in.try_out(summary(outcomes));
  if (!ran->closed) return in.failed(ran->closed.error());
  if (interrupt.signal() != 0) return 128 + interrupt.signal();
  const bool failed = std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& o) {
    return o.kind == Outcome::Kind::kFailed;
  });
  return failed ? kFailed : kDone;
}

}  // namespace podctl::cli
