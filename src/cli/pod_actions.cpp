#include "cli/pod_actions.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <iterator>
#include <utility>

#include "podctl/base/text.hpp"
#include "podctl/cli/time_text.hpp"
#include "podctl/cli/watch.hpp"

namespace podctl::cli {
namespace {

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

WatchPlan plan_for(const Resource& resource, const std::string& ns, const std::string& name,
                   std::int64_t deadline_ns) {
  WatchPlan plan;
  plan.path = resource.path(ns);
  if (!name.empty()) plan.field_selector = "metadata.name=" + name;
  plan.deadline_ns = deadline_ns;
  return plan;
}

// The oldest of what is known of them; empty if it is not known of one.
std::string oldest_version(const std::vector<Going>& pods) {
  std::uint64_t oldest = UINT64_MAX;
  for (const Going& pod : pods) {
    const auto version = text::parse_u64(pod.version);
    if (!version) return {};
    oldest = std::min(oldest, *version);
  }
  return std::to_string(oldest);
}

// By one watch for all of them, from where the deletions were asked for: nothing needs to be
// listed.
Result<void> wait_gone_in(Invocation& in, const Resource& resource, const std::string& ns,
                          std::vector<Going>& pods, std::int64_t deadline_ns) {
  WatchPlan plan =
      plan_for(resource, ns, pods.size() == 1 ? pods.front().name : std::string(), deadline_ns);
  plan.from = oldest_version(pods);
  std::vector<Going> listed;
  return watch(
      in, plan,
      [&](Change change, const boost::json::value& object) {
        const View meta = View(object)["metadata"];
        const auto is_it = [&](const Going& g) {
          return g.name == meta["name"].str() && (g.uid.empty() || g.uid == meta["uid"].str());
        };
        if (change == Change::kListed)
          std::ranges::copy_if(pods, std::back_inserter(listed), is_it);
        if (change == Change::kDeleted)
          std::erase_if(pods, is_it);  // named twice, it is here twice
        return !pods.empty();
      },
      [&](std::size_t) {
        pods = std::exchange(listed, {});
        return !pods.empty();
      });
}

Failure not_found(const std::string& name) {
  return fail(Code::kNotFound, "Error from server (NotFound): pods \"" + name + "\" not found", {});
}

}  // namespace

ChosenBy chosen_by(Invocation& in) {
  const Parsed& args = in.args;
  return {.files = args.has("filename"),
          .selector = args.flag("all") || !args.get("selector").empty() ||
                      !args.get("field-selector").empty(),
          .all_namespaces = in.all_namespaces()};
}

Result<Going> request_delete(Invocation& in, const std::string& ns, const std::string& name,
                             std::optional<std::int64_t> grace_seconds, const Resource& of) {
  Request request;
  request.method = "DELETE";
  request.target = of.path(ns, name);
  if (grace_seconds) {
    request.body = R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":)" +
                   std::to_string(*grace_seconds) + "}";
  }
  const Reply reply = TRY(in.call(request));
  if (reply.status == 404 && in.asked_twice())
    return Going{ns, name, {}, {}, &of};  // done at first
  if (!reply.ok()) {
    return fail(reply.status == 404 ? Code::kNotFound : Code::kFailedPrecondition,
                refusal_text(reply), {});
  }
  in.warn(reply);
  const auto object = TRY(parse_json_value(reply.body));
  const View o(object);
  if (o["kind"].str() == "Status")
    return Going{ns, name, std::string(o["details"]["uid"].str()), {}, &of};
  return Going{ns, name, std::string(o["metadata"]["uid"].str()),
               std::string(o["metadata"]["resourceVersion"].str()), &of};
}

Result<void> wait_gone(Invocation& in, std::vector<Going>& objects, std::int64_t deadline_ns) {
  Result<void> result;
  std::vector<Going> staying;
  while (!objects.empty()) {
    const std::string ns = objects.front().ns;
    const Resource& resource = *objects.front().resource;
    const auto others = std::partition(objects.begin(), objects.end(), [&](const Going& g) {
      return g.ns == ns && g.resource == &resource;
    });
    std::vector<Going> here(std::make_move_iterator(objects.begin()),
                            std::make_move_iterator(others));
    objects.erase(objects.begin(), others);
    if (auto gone = wait_gone_in(in, resource, ns, here, deadline_ns); !gone)
      result = std::move(gone);
    staying.insert(staying.end(), here.begin(), here.end());
  }
  objects = std::move(staying);
  return result;
}

Result<void> wait_for(Invocation& in, const std::string& ns, const std::string& name,
                      bool may_appear, const std::function<bool(View)>& holds,
                      std::int64_t deadline_ns) {
  bool met = false, gone = false;
  auto result = watch(
      in, plan_for(pods(), ns, name, deadline_ns),
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

Result<std::int64_t> running_deadline(Invocation& in) {
  const std::string_view text = in.args.get("pod-running-timeout", "1m0s");
  const auto ns = parse_duration(text);
  if (!ns) {
    return fail(Code::kInvalidArgument,
                "invalid value \"" + std::string(text) + "\" for --pod-running-timeout", {});
  }
  if (*ns <= 0)
    return fail(Code::kInvalidArgument, "--pod-running-timeout must be higher than zero", {});
  return monotonic_ns() + *ns;
}

Result<boost::json::value> running_pod(Invocation& in, const std::string& name,
                                       const std::function<bool(View)>& enough,
                                       std::int64_t deadline_ns) {
  const auto holds = [&enough](View pod) {
    return pod["status"]["phase"].str("Pending") != "Pending" || enough(pod);
  };
  const std::string path = pods_path(in.ns(), name);
  auto pod = TRY(in.fetch(path));
  if (holds(View(pod))) return pod;
  const auto waited = wait_for(in, in.ns(), name, false, holds, deadline_ns);
  if (waited) return in.fetch(path);
  if (waited.error().code != Code::kTimedOut) return Failure(waited.error());
  return fail(Code::kTimedOut, "wait for pod to run", name,
              "it is still Pending (podctl why " + name + " says why)");
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
