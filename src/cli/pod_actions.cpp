#include "cli/pod_actions.hpp"

#include <strings.h>

#include <boost/json/array.hpp>

#include "podctl/cli/time_text.hpp"
#include "podctl/cli/watch.hpp"

namespace podctl::cli {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

WatchPlan plan_for(const std::string& ns, const std::string& name, std::int64_t deadline_ns) {
  WatchPlan plan;
  plan.path = pods_path(ns);
  plan.field_selector = "metadata.name=" + name;
  plan.deadline_ns = deadline_ns;
  return plan;
}

Failure not_found(const std::string& name) {
  return fail(Code::kNotFound, "Error from server (NotFound): pods \"" + name + "\" not found", {});
}

}  // namespace

Result<std::string> request_delete(Invocation& in, const std::string& ns, const std::string& name,
                                   std::optional<std::int64_t> grace_seconds) {
  Request request;
  request.method = "DELETE";
  request.target = pods_path(ns, name);
  if (grace_seconds) {
    request.body = R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":)" +
                   std::to_string(*grace_seconds) + "}";
  }
  const Reply reply = TRY(in.call(request));
  if (!reply.ok()) {
    return fail(reply.status == 404 ? Code::kNotFound : Code::kFailedPrecondition,
                refusal_text(reply), {});
  }
  const auto object = TRY(parse_json_value(reply.body));
  View o(object);
  return std::string(o["kind"].str() == "Status" ? o["details"]["uid"].str()
                                                 : o["metadata"]["uid"].str());
}

Result<void> wait_gone(Invocation& in, const std::string& ns, const std::string& name,
                       const std::string& uid, std::int64_t deadline_ns) {
  bool there = false;
  return watch(
      in, plan_for(ns, name, deadline_ns),
      [&](Change change, const boost::json::value& pod) {
        const bool same = uid.empty() || View(pod)["metadata"]["uid"].str() == uid;
        if (change == Change::kListed) there = there || same;
        return !(same && change == Change::kDeleted);
      },
      [&](std::size_t) { return std::exchange(there, false); });
}

Result<void> wait_for(Invocation& in, const std::string& ns, const std::string& name,
                      bool may_appear, const std::function<bool(View)>& holds,
                      std::int64_t deadline_ns) {
  bool met = false, gone = false;
  auto result = watch(
      in, plan_for(ns, name, deadline_ns),
      [&](Change change, const boost::json::value& pod) {
        gone = change == Change::kDeleted && !may_appear;
        met = change != Change::kDeleted && holds(View(pod));
        return !met && !gone;
      },
      [&](std::size_t found) {
        gone = found == 0 && !may_appear;
        return !gone;
      });
  if (gone && !met) return not_found(name);
  return result;
}

bool has_condition(View pod, std::string_view type, std::string_view value) {
  for (const auto& item : pod["status"]["conditions"].items()) {
    View c(item);
    if (same_ignoring_case(c["type"].str(), type))
      return same_ignoring_case(c["status"].str(), value);
  }
  return false;
}

Result<std::int64_t> deadline(Invocation& in, std::int64_t otherwise) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::string_view text = in.args.get("timeout");
  if (text.empty()) return otherwise == 0 ? 0 : monotonic_ns() + otherwise * kSecond;
  auto ns = parse_duration(text);
  if (!ns)
    return fail(Code::kInvalidArgument, "invalid value \"" + std::string(text) + "\" for --timeout",
                {});
  return monotonic_ns() + (*ns < 0 ? 7 * 24 * 3600 * kSecond : *ns);
}

}  // namespace podctl::cli
