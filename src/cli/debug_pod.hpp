// What `debug` makes: an ephemeral container for a pod, or a changed copy of the pod. Pure.
// The profiles are kubectl's (kubectl pkg/cmd/debug/profiles.go).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

struct DebugWish {
  std::string name;  // of the container
  std::string image, pull_policy, target, profile;
  std::vector<std::string> command;
  std::vector<std::string> env;  // NAME=VALUE
  bool in = false, tty = false;

  // Of a copy.
  std::string copy;                     // its name
  std::vector<std::string> set_images;  // CONTAINER=IMAGE
  bool share_processes = true;
  bool keep_labels = false, keep_annotations = false, keep_probes = false;
  bool keep_init = true;
};

// "debugger-x7fk2", a name that the pod has no container of.
std::string debugger_name(View pod);

// The container as an ephemeral one. kInvalidArgument for a faulty --env.
Result<boost::json::object> ephemeral_container(const DebugWish& wish);

// The pod to create. kInvalidArgument for what the wish names and the pod lacks.
Result<boost::json::object> debug_copy(const boost::json::value& pod, const DebugWish& wish);

}  // namespace podctl::cli
