// What decoding cannot see: values out of their sets, steps that say two things, names that no
// manifest has. Private to scenario; load.cpp puts the positions in.
#pragma once

#include <string>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/api/tree.hpp"
#include "podctl/lifecycle/probing.hpp"
#include "podctl/scenario/format.hpp"

namespace podctl::scenario {

// "startup", "liveness", "readiness".
lifecycle::ProbeKind probe_kind(std::string_view word);

api::Faults check_values(const PodTest& test);
api::Faults check_references(const PodTest& test, const std::vector<const api::Pod*>& pods);

// Calls visit(match, path) for every match of the scenario.
template <class F>
void each_match(const PodTest& test, F visit) {
  const auto expect = [&](const Expect& e, const std::string& path) {
    visit(e.match, path);
    if (e.before) visit(*e.before, path + ".before");
    if (e.after) visit(*e.after, path + ".after");
  };
  for (std::size_t i = 0; i < test.spec.steps.size(); ++i) {
    const auto& step = test.spec.steps[i];
    const auto path = "spec.steps[" + std::to_string(i) + "]";
    if (step.wait) visit(step.wait->match, path + ".wait");
    if (step.expect) expect(*step.expect, path + ".expect");
  }
  for (std::size_t i = 0; i < test.spec.expect.size(); ++i) {
    expect(test.spec.expect[i], "spec.expect[" + std::to_string(i) + "]");
  }
}

}  // namespace podctl::scenario
