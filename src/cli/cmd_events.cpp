// events: kubectl's `events`, oldest first, with what they are about.
#include <strings.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"
#include "podctl/cli/watch.hpp"

namespace podctl::cli {
namespace {

std::vector<std::string> cells(Invocation& in, View e, std::int64_t now) {
  View object = e["involvedObject"];
  std::vector<std::string> row;
  if (in.all_namespaces()) row.emplace_back(e["metadata"]["namespace"].str());
  row.push_back(event_age(e, now));
  row.emplace_back(e["type"].str());
  row.emplace_back(e["reason"].str());
  row.push_back(std::string(object["kind"].str()) + "/" + std::string(object["name"].str()));
  row.emplace_back(e["message"].str());
  for (std::string& cell : row) cell = cell_text(cell);
  return row;
}

// In any case, as kubectl takes them.
bool same_type(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string_view> types(Invocation& in) {
  const std::string_view given = in.args.get("types");
  return given.empty() ? std::vector<std::string_view>() : text::split(given, ',');
}

bool types_exist(Invocation& in) {
  for (std::string_view type : types(in)) {
    if (!same_type(type, "Normal") && !same_type(type, "Warning")) return false;
  }
  return true;
}

bool chosen(Invocation& in, View e) {
  const auto wanted = types(in);
  return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](std::string_view type) {
           return same_type(type, e["type"].str());
         });
}

Result<std::string> field_selector(Invocation& in) {
  const std::string_view of = in.args.get("for");
  if (of.empty()) return std::string();
  const auto refs = TRY(parse_refs({std::string(of)}));
  if (refs[0].name.empty())
    return fail(Code::kInvalidArgument, "--for needs TYPE/NAME", std::string(of));
  return "involvedObject.kind=" + std::string(refs[0].resource->kind) +
         ",involvedObject.name=" + refs[0].name;
}

std::vector<std::string> heading(Invocation& in) {
  std::vector<std::string> head = {"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"};
  if (in.all_namespaces()) head.insert(head.begin(), "NAMESPACE");
  return head;
}

int watch_events(Invocation& in, WatchPlan plan) {
  StreamTable lines;
  if (!in.args.flag("no-headers")) lines.add(heading(in));
  bool rows = false;
  // The headings wait for a row, and the list's rows for each other.
  auto result = watch(
      in, plan,
      [&](Change change, const boost::json::value& event) {
        if (change == Change::kDeleted || !chosen(in, event)) return true;
        lines.add(cells(in, event, now_ns()));
        rows = true;
        if (change != Change::kListed) in.out(lines.take());
        return true;
      },
      [&](std::size_t) {
        if (rows) in.out(lines.take());
        return true;
      });
  return result ? kDone : in.failed(result.error());
}

}  // namespace

int run_events(Invocation& in) {
  if (!types_exist(in)) return in.usage("valid --types are Normal or Warning");
  auto selector = field_selector(in);
  if (!selector) return in.usage(selector.error().message());
  WatchPlan plan;
  plan.path = find_resource("events").value()->path(in.all_namespaces() ? "" : in.ns());
  plan.field_selector = *selector;
  if (in.args.flag("watch")) return watch_events(in, plan);
  auto list = in.fetch(Target(plan.path).add_if("fieldSelector", plan.field_selector).str());
  if (!list) return in.failed(list.error());
  std::vector<boost::json::value> events;
  for (const auto& item : View(*list)["items"].items()) {
    if (chosen(in, item)) events.push_back(item);
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& x, const auto& y) { return seen_before(x, y); });
  if (auto format = in.args.get("output"); !format.empty()) {
    auto text = format_object(parse_format(format).value(), list_of(std::move(events)));
    if (!text) return in.failed(text.error());
    in.out(*text);
    return kDone;
  }
  if (events.empty()) {
    in.err(in.all_namespaces() ? "No events found.\n"
                               : "No events found in " + in.ns() + " namespace.\n");
    return kDone;
  }
  Table table{heading(in), {}};
  const std::int64_t now = now_ns();
  for (const auto& event : events) table.rows.push_back(cells(in, event, now));
  in.out(table.str(!in.args.flag("no-headers")));
  return kDone;
}

}  // namespace podctl::cli
