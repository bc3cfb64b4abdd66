#include "cli/why_text.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/pod_reports.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;
using lifecycle::Cause;
using lifecycle::Diagnosis;
using lifecycle::Evidence;

constexpr const char* kLines = "20";  // of a log that are looked at

std::uint64_t count(View number) { return static_cast<std::uint64_t>(number.num()); }

void take_report(View report, Evidence& evidence) {
  for (const auto& item : report["ends"].items()) {
    View end(item);
    evidence.ends[std::string(end["container"].str())] = {
        static_cast<std::int32_t>(end["signal"].num()), count(end["oomKills"]),
        count(end["pidsRefused"])};
  }
  for (const auto& item : report["hooks"].items()) {
    View hook(item);
    evidence.hooks[std::string(hook["container"].str())] = {count(hook["runsForNs"]),
                                                            std::string(hook["failure"].str())};
  }
  constexpr std::string_view kContainer = "container/";
  for (const auto& item : report["cgroups"].items()) {
    const std::string_view holder = View(item)["holder"].str();
    if (!holder.starts_with(kContainer)) continue;
    View usage = View(item)["usage"];
    evidence.running[std::string(holder.substr(kContainer.size()))] = {
        count(usage["periods"]), count(usage["throttledPeriods"]), count(usage["oomKills"]),
        count(usage["pidsMaxEvents"])};
  }
}

// Nothing where there is no log (any more).
void take_log(Invocation& in, const api::Pod& pod, const std::string& container,
              Evidence& evidence) {
  Target target(pods_path(pod.metadata.namespace_, pod.metadata.name) + "/log");
  const auto reply = in.get(target.add("container", container).add("tailLines", kLines).str());
  if (!reply || !reply->ok()) return;
  auto& lines = evidence.lines[container];
  for (const auto line : text::split(reply->body, '\n')) {
    if (!line.empty()) lines.push_back(utf8::well_formed(std::string(line)));
  }
}

// A sentence in lines of at most `width` columns.
std::string paragraph(std::string_view sentence, std::size_t width) {
  return align_folded(std::string(sentence) + "\n", kDescribeStops, width);
}

std::string facts_text(const Cause& cause) {
  std::string text;
  for (const auto& fact : cause.facts) {
    std::string source = fact.source;
    for (const auto line : text::split(fact.text, '\n')) {
      text += "  " + source + "\t" + std::string(line) + "\n";
      source.clear();
    }
  }
  return text;
}

json::object cause_json(const Cause& cause) {
  json::array evidence;
  for (const auto& fact : cause.facts) {
    evidence.push_back(json::object{{"source", fact.source}, {"text", fact.text}});
  }
  return {{"container", cause.container},   {"reason", cause.reason}, {"problem", cause.problem},
          {"remedy", cause.remedy},         {"past", cause.past},     {"aside", cause.aside},
          {"evidence", std::move(evidence)}};
}

}  // namespace

Result<Diagnosis> diagnose_pod(Invocation& in, const json::value& pod, const json::value& events,
                               const json::value& sandbox) {
  api::Pod object;
  if (auto faults = api::decode_json(json::serialize(pod), object); !faults.empty()) {
    return fail(Code::kCorrupt, "read pod of podctld", faults[0].field, faults[0].text);
  }
  Evidence evidence;
  for (const auto& item : View(events).items()) {
    api::Event event;
    if (api::decode_json(json::serialize(item), event).empty()) {
      evidence.events.push_back(std::move(event));
    }
  }
  take_report(sandbox, evidence);
  for (const auto& container : lifecycle::logs_wanted(object)) {
    take_log(in, object, container, evidence);
  }
  return lifecycle::diagnose(object, evidence);
}

Result<Diagnosis> diagnose_pod(Invocation& in, const json::value& pod) {
  const auto events = TRY(events_of(in, pod));
  auto sandbox = sandbox_of(in, pod);
  if (!sandbox && sandbox.error().code != Code::kNotFound)
    return Failure(std::move(sandbox).error());
  return diagnose_pod(in, pod, events, sandbox ? *sandbox : json::value());
}

std::string why_text(const std::string& name, const Diagnosis& diagnosis, std::size_t width) {
  std::string text;
  if (diagnosis.causes.empty() || !is_present(diagnosis.causes.front())) {
    text = paragraph(diagnosis.summary, width);
  }
  for (const Cause& cause : diagnosis.causes) {
    const std::string lead = cause.past    ? "Earlier: "
                             : cause.aside ? "Beside that: "
                                           : "pod/" + name + ": ";
    if (!text.empty()) text += "\n";
    text += paragraph(lead + cause.problem, width) + paragraph(cause.remedy, width);
    text += align_folded(facts_text(cause), kDescribeStops, width);
  }
  return utf8::printable(text);
}

json::value why_json(const json::value& pod, const Diagnosis& diagnosis) {
  View meta = View(pod)["metadata"];
  json::array causes;
  for (const Cause& cause : diagnosis.causes) causes.push_back(cause_json(cause));
  return json::object{{"name", meta["name"].str()},
                      {"namespace", meta["namespace"].str()},
                      {"health", lifecycle::health_word(diagnosis.health)},
                      {"summary", diagnosis.summary},
                      {"causes", std::move(causes)}};
}

std::string describe_why(const Diagnosis& diagnosis) {
  if (diagnosis.health != lifecycle::Health::kBad) return {};
  if (diagnosis.causes.empty()) return "Why:\n  " + diagnosis.summary + "\n";
  std::string text = "Why:\n";
  for (const Cause& cause : diagnosis.causes) {
    if (is_present(cause)) text += "  " + cause.problem + "\n  " + cause.remedy + "\n";
  }
  return utf8::printable(text);
}

}  // namespace podctl::cli
