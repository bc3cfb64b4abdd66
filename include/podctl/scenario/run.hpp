// Runs a scenario in the virtual world, once for each order in which its simultaneous happenings
// can come. Pure and deterministic.
//
// The first order is the plain one: what was caused first happens first. Then come all orders that
// differ from it in one decision, in two, and so on, until none is left or the bound is reached.
// What holds in most orders and not in all is a race, and few decisions are enough to show most.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "podctl/scenario/history.hpp"

namespace podctl::scenario {

inline constexpr std::size_t kDefaultOrders = 200;

struct Failure {
  std::string field;                 // of the scenario: "spec.steps[2].expect"
  std::string wanted, text;          // what was expected, and what there was instead
  std::optional<std::size_t> entry;  // of the history: the offending point
  std::size_t order = 0;             // from 1
};

struct Report {
  std::size_t orders = 0;  // that were run
  bool stopped = false;    // before it was through, as the caller wished
  bool all = true;         // there are no others
  std::uint64_t lasted_ns = 0;
  History history;  // of the order that failed, or of the plain one
  std::optional<Failure> failure;
};

// `orders`: at most so many; the scenario's own number goes before it when it has one. `stop` is
// asked before each: whether to leave it at those that were run.
Report run_virtual(const PodTest& test, const std::vector<const api::Pod*>& pods,
                   std::size_t orders, const std::function<bool()>& stop = {});

// What a step does, in words: "kill app"; and to whom, empty: to the only pod, to all of it.
std::string text_of(const Step& step);
struct Addressee {
  std::string pod, container;
};
Addressee addressee_of(const Step& step);

}  // namespace podctl::scenario
