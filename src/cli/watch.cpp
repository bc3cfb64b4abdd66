#include "podctl/cli/watch.hpp"

#include <boost/json/array.hpp>

#include "cli/watch_lines.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

enum class End { kStop, kAgain };

Change change_of(std::string_view type) {
  return type == "ADDED"     ? Change::kAdded
         : type == "DELETED" ? Change::kDeleted
                             : Change::kModified;
}

// What the caller is told of: the object, or each row of a Table.
std::vector<const boost::json::value*> parts_of(const WatchPlan& plan, View object) {
  if (!plan.on_table) return {object.get()};
  plan.on_table(object);
  std::vector<const boost::json::value*> rows;
  for (const auto& row : object["rows"].items()) rows.push_back(&row);
  return rows;
}

// The lines of one watch request. kAgain: list anew.
Result<End> follow(Client& client, const WatchPlan& plan, const OnChange& on_change) {
  WatchLines lines;
  for (;;) {
    auto piece = client.next(plan.deadline_ns);
    if (!piece) {
      if (piece.error().code == Code::kTimedOut) return Failure(std::move(piece).error());
      return End::kAgain;
    }
    if (!*piece) return End::kAgain;
    lines.feed(**piece);
    while (const auto event = TRY(lines.next())) {
      View e(*event);
      if (is_broken(e)) return End::kAgain;
      for (const auto* object : parts_of(plan, e["object"])) {
        if (!on_change(change_of(e["type"].str()), *object)) return End::kStop;
      }
    }
  }
}

Target listing(const WatchPlan& plan) {
  Target target(plan.path);
  target.add_if("labelSelector", plan.label_selector).add_if("fieldSelector", plan.field_selector);
  return target;
}

std::string_view wanted_form(const WatchPlan& plan) {
  return plan.on_table ? kAcceptTable : std::string_view();
}

}  // namespace

Result<void> watch(Invocation& in, const WatchPlan& plan, const OnChange& on_change,
                   const OnListed& on_listed) {
  std::string version = plan.from;
  for (bool first = true;; first = false) {
    if (!first) pause_briefly();
    if (!first || version.empty()) {
      const auto list = TRY(in.fetch(listing(plan).str(), wanted_form(plan)));
      if (plan.on_table) plan.on_table(list);
      const auto& items = View(list)[plan.on_table ? "rows" : "items"].items();
      for (const auto& item : items) {
        if (!on_change(Change::kListed, item)) return {};
      }
      if (!on_listed(items.size())) return {};
      version = View(list)["metadata"]["resourceVersion"].scalar();
    }
    if (plan.deadline_ns != 0 && monotonic_ns() > plan.deadline_ns) {
      return fail(Code::kTimedOut, "watch", plan.path);
    }
    Client client = TRY(in.take_connection());
    Request request;
    if (plan.on_table) request.headers.emplace_back("Accept", kAcceptTable);
    request.target = listing(plan).add("watch", "1").add_if("resourceVersion", version).str();
    auto reply = client.open(request);
    if (!reply || !reply->ok()) continue;
    if (TRY(follow(client, plan, on_change)) == End::kStop) return {};
  }
}

}  // namespace podctl::cli
