// The events' part of describe: kubectl's DescribeEvents.
#include <boost/json/array.hpp>

#include "cli/describe_parts.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {

std::string event_age(View event, std::int64_t now) {
  View first = event["firstTimestamp"] ? event["firstTimestamp"] : event["eventTime"];
  View last = event["lastTimestamp"] ? event["lastTimestamp"] : first;
  std::int64_t count = event["count"].num();
  if (View series = event["series"]) {
    count = series["count"].num();
    last = series["lastObservedTime"];
  }
  if (count <= 1) return age(first.str(), now);
  return age(last.str(), now) + " (x" + std::to_string(count) + " over " + age(first.str(), now) +
         ")";
}

bool seen_before(View a, View b) {
  auto last = [](View e) {
    if (e["series"]) return e["series"]["lastObservedTime"].str().substr(0, 19);
    return (e["lastTimestamp"] ? e["lastTimestamp"] : e["eventTime"]).str().substr(0, 19);
  };
  auto stored = [](View e) {
    return text::parse_u64(e["metadata"]["resourceVersion"].scalar()).value_or(0);
  };
  if (last(a) != last(b)) return last(a) < last(b);
  return stored(a) < stored(b);
}

void describe_events(DescribeText& out, View events, std::int64_t now) {
  if (events.items().empty()) return out.pair(0, "Events", "<none>");
  out.title(0, "Events");
  out.line(1, "Type\tReason\tAge\tFrom\tMessage");
  out.line(1, "----\t------\t----\t----\t-------");
  for (const auto& item : events.items()) {
    View e(item);
    std::string_view from = e["source"]["component"].str();
    if (from.empty()) from = e["reportingComponent"].str();
    out.line(1, std::string(e["type"].str()) + "\t" + std::string(e["reason"].str()) + "\t" +
                    event_age(e, now) + "\t" + std::string(from) + "\t" +
                    std::string(text::trim(e["message"].str())));
  }
}

}  // namespace podctl::cli
