// What podctl shows beyond Kubernetes: ns, trace, doctor; and system reset.
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/reset.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/daemon.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/sandbox_text.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

std::string of_pod(Invocation& in, const std::string& pod, std::string_view what) {
  return podctl_path("/namespaces/" + url_escape(in.ns()) + "/pods/" + url_escape(pod) + "/" +
                     std::string(what));
}

int all_maps(Invocation& in) {
  auto reports = in.fetch(podctl_path("/sandboxes"));
  if (!reports) return in.failed(reports.error());
  View items = View(*reports)["items"];
  if (reports->is_array()) items = View(*reports);
  boost::json::array chosen;
  for (const auto& item : items.items()) {
    if (in.all_namespaces() || View(item)["pod"]["namespace"].str() == in.ns())
      chosen.push_back(item);
  }
  const boost::json::value shown(std::move(chosen));
  if (in.args.get("output") == "json") {
    in.out(api::to_pretty_json(boost::json::object{{"items", shown}}));
  } else if (View(shown).items().empty()) {
    in.err("No resources found" +
           (in.all_namespaces() ? std::string() : " in " + in.ns() + " namespace.") + "\n");
  } else {
    in.out(namespace_matrix(shown, in.all_namespaces(), in.args.get("output") == "wide", true));
  }
  return kDone;
}

bool confirmed(Invocation& in) {
  if (in.args.flag("yes")) return true;
  const std::string where = in.layout.root().empty() ? "this machine" : in.layout.root();
  in.err("This removes every pod, image and file of podctl on " + where + ". Continue? [y/N] ");
  char answer = 0;
  return ::read(STDIN_FILENO, &answer, 1) == 1 && (answer == 'y' || answer == 'Y');
}

}  // namespace

int run_ns(Invocation& in) {
  if (in.args.operands.empty()) return all_maps(in);
  auto pod = parse_pod(in.args.operands[0]);
  if (!pod) return in.usage(pod.error().message());
  auto report = in.fetch(of_pod(in, *pod, "sandbox"));
  if (!report) return in.failed(report.error());
  if (in.args.get("output") == "json") {
    boost::json::object map;
    for (const char* key : {"pod", "namespaces", "host"}) {
      if (const auto* value = report->as_object().if_contains(key)) map[key] = *value;
    }
    in.out(api::to_pretty_json(map));
    return kDone;
  }
  in.out(namespace_map(*report, in.args.get("output") == "wide", in.style()));
  return kDone;
}

int run_trace(Invocation& in) {
  auto pod = parse_pod(in.args.operands[0]);
  if (!pod) return in.usage(pod.error().message());
  auto trace = in.fetch(of_pod(in, *pod, "trace"));
  if (!trace) return in.failed(trace.error());
  if (in.args.get("output") == "json") {
    in.out(api::to_pretty_json(*trace));
  } else if (View(*trace)["steps"].items().empty()) {
    in.err("No steps are recorded for pod " + *pod + ".\n");
  } else {
    in.out(trace_text(View(*trace)["steps"], in.width()));
  }
  return kDone;
}

int run_doctor(Invocation& in) {
  auto report = in.fetch(podctl_path("/doctor"));
  if (!report) return in.failed(report.error());
  if (in.args.get("output") == "json") {
    in.out(api::to_pretty_json(*report));
  } else {
    in.out(doctor_text(View(*report)["items"], in.style()));
  }
  for (const auto& item : View(*report)["items"].items()) {
    if (View(item)["status"].str() == "missing") return kFailed;
  }
  return kDone;
}

int run_system_reset(Invocation& in) {
  if (!confirmed(in)) return in.failed("nothing was removed");
  if (auto done = reset_root(in); !done) return in.failed(done.error());
  in.out("everything that podctl made is removed\n");
  return kDone;
}

}  // namespace podctl::cli
