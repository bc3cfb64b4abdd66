// What `debug` makes: an ephemeral container for a pod, or a changed copy of the pod. Pure.
// Semantics and words are kubectl's (kubectl pkg/cmd/debug).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

struct DebugWish {
  std::string name;  // of the container
  std::string image, pull_policy, target, profile;
  std::vector<std::string> command;
  bool arguments_only = false;   // `command` is the image's arguments
  std::vector<std::string> env;  // NAME=VALUE
  boost::json::object custom;    // of --custom: a part of a container
  bool in = false, tty = false;

  // Of a copy.
  std::string copy;                     // its name
  std::vector<std::string> set_images;  // CONTAINER=IMAGE
  std::optional<bool> share_processes;  // absent: as the profile has it
  bool keep_labels = false, keep_annotations = false;
  bool keep_liveness = false, keep_readiness = false, keep_startup = false;
  bool keep_init = true, same_node = false;
};

// "debugger-x7fk2", a name that the pod has no container of.
std::string debugger_name(View pod);

// The parts of an option that takes NAME=VALUE pairs, several parted by commas; a single pair's
// value may hold commas.
std::vector<std::string> pairs_of(const std::vector<std::string_view>& words);

// The content of --custom's file. kInvalidArgument for what is no container's part, or changes what
// debug itself decides.
Result<boost::json::object> custom_profile(std::string_view file, std::string_view text);

// The container as an ephemeral one. kInvalidArgument for a faulty --env.
Result<boost::json::object> ephemeral_container(const DebugWish& wish);

// The pod to create. kInvalidArgument for what the wish names and the pod lacks.
Result<boost::json::object> debug_copy(const boost::json::value& pod, const DebugWish& wish);

// That the profile's privileges may come to nothing under the pod's user; empty where they do not.
std::string user_warning(View pod_security, View container);

}  // namespace podctl::cli
