// A diagnosis (lifecycle/why.hpp) gathered from podctld and shown: as text, as data, as a section
// of describe.
//
// Used by `why` and `describe`. Only diagnose_pod() speaks to podctld; the others are pure.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "podctl/cli/session.hpp"
#include "podctl/lifecycle/why.hpp"

namespace podctl::cli {

// `pod` and `events` (a list) as podctld served them, `sandbox` its report. Logs are asked for
// where they can tell something; what is gone meanwhile is left out.
Result<lifecycle::Diagnosis> diagnose_pod(Invocation& in, const boost::json::value& pod,
                                          const boost::json::value& events,
                                          const boost::json::value& sandbox);
// The same, asking for events and report too.
Result<lifecycle::Diagnosis> diagnose_pod(Invocation& in, const boost::json::value& pod);

// A paragraph a cause: what is wrong, what to do, the facts. Of a pod that is well one sentence.
std::string why_text(const std::string& name, const lifecycle::Diagnosis& diagnosis,
                     std::size_t width);
boost::json::value why_json(const boost::json::value& pod, const lifecycle::Diagnosis& diagnosis);
// "Why:" of describe; empty for a pod with which nothing is wrong.
std::string describe_why(const lifecycle::Diagnosis& diagnosis);

}  // namespace podctl::cli
