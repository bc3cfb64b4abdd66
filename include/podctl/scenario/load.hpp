// Text to checked scenarios, as strictly as manifests: every fault has file, line and column.
//
// Used by `podctl test`. Pure: the caller reads the files that a scenario names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/manifest.hpp"
#include "podctl/api/tree.hpp"
#include "podctl/scenario/format.hpp"

namespace podctl::scenario {

struct Loaded {
  struct Test {
    PodTest test;
    api::Tree tree;  // as written; api::locate finds a field in it
  };
  std::vector<Test> tests;
  std::vector<api::Manifest> manifests;  // the file's own pods
  api::Faults faults;                    // in the order of the text
};

// Whether the text holds a scenario: a document that says so.
bool holds_tests(std::string_view text);
// Every document of a file. Names are checked by check_names, once the manifests are at hand.
Loaded load(std::string_view text);

// What a scenario says of pods and containers that its manifests do not have.
api::Faults check_names(const Loaded::Test& test, const std::vector<const api::Pod*>& pods);

// Nanoseconds of a duration that load has accepted; 0 for an empty one.
std::uint64_t duration_ns(std::string_view text);

// Whether the scenario is one for `mode` ("virtual", "real").
bool runs_in(const PodTest& test, std::string_view mode);

}  // namespace podctl::scenario
