// Kubernetes watches: a list (or a version known already), then the changes, for as long as the
// caller wants them.
//
// Used by get -w, wait, delete and events. When podctld goes away or the version is too old (410),
// it lists again and goes on; the caller sees current states, not necessarily each one between.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

enum class Change { kListed, kAdded, kModified, kDeleted };

// False ends the watch.
using OnChange = std::function<bool(Change, const boost::json::value&)>;
// After each complete list, with the number of objects in it; false ends the watch.
using OnListed = std::function<bool(std::size_t)>;

struct WatchPlan {
  std::string path;  // of the collection
  std::string label_selector, field_selector;
  std::string from;              // a version that the caller knows: changes from there on, no list
  std::int64_t deadline_ns = 0;  // CLOCK_MONOTONIC; 0: none
  // Asks for Tables: told of each one, and the changes are its rows, with their objects' metadata.
  std::function<void(View table)> on_table = {};
};

// kTimedOut at the deadline; kNotFound and the like when the list is refused.
Result<void> watch(Invocation& in, const WatchPlan& plan, const OnChange& on_change,
                   const OnListed& on_listed);

}  // namespace podctl::cli
