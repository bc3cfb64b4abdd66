// What several commands do to pods: delete one and wait until pods are gone or fulfil something.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

// Asks for the deletion; the uid of the pod that is going. kNotFound when there is none.
Result<std::string> request_delete(Invocation& in, const std::string& ns, const std::string& name,
                                   std::optional<std::int64_t> grace_seconds);

// Returns once no pod of this name and uid is there; an empty uid: no pod of the name. kTimedOut.
Result<void> wait_gone(Invocation& in, const std::string& ns, const std::string& name,
                       const std::string& uid, std::int64_t deadline_ns);

// Returns once `holds` is true for the pod. kNotFound when it is not there or goes away, unless
// `may_appear`; kTimedOut.
Result<void> wait_for(Invocation& in, const std::string& ns, const std::string& name,
                      bool may_appear, const std::function<bool(View)>& holds,
                      std::int64_t deadline_ns);

// Whether status.conditions has `type` (any case) with `value` (any case).
bool has_condition(View pod, std::string_view type, std::string_view value);

// --timeout as a deadline: absent gives `otherwise` seconds (0: none); below 0 is a week; 0 is now.
Result<std::int64_t> deadline(Invocation& in, std::int64_t otherwise);

}  // namespace podctl::cli
