// wait: every --for must hold for every pod named.
#include <algorithm>
#include <boost/json/array.hpp>

#include "cli/pod_actions.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

struct Goal {
  enum class Kind { kCondition, kJsonPath, kDelete, kCreate };
  Kind kind = Kind::kCondition;
  std::string what;                  // the condition or the path
  std::optional<std::string> value;  // none: any value (jsonpath)
};

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
      text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

Result<Goal> parse_goal(std::string_view text) {
  Goal goal;
  if (text == "delete" || text == "create") {
    goal.kind = text == "delete" ? Goal::Kind::kDelete : Goal::Kind::kCreate;
    return goal;
  }
  std::string_view rest = text.substr(text.find('=') + 1);
  if (text.starts_with("condition=")) {
    const std::size_t equals = rest.find('=');
    goal.what = rest.substr(0, equals);
    goal.value = equals == std::string_view::npos ? "True" : std::string(rest.substr(equals + 1));
    if (goal.what.empty())
      return fail(Code::kInvalidArgument, "--for=condition= needs a condition", {});
    return goal;
  }
  goal.kind = Goal::Kind::kJsonPath;
  // The path ends at its last brace; a value may follow.
  const std::size_t brace = rest.rfind('}');
  const std::size_t equals = rest.find('=', brace == std::string_view::npos ? 0 : brace);
  goal.what = unquoted(rest.substr(0, equals));
  if (equals != std::string_view::npos) goal.value = unquoted(rest.substr(equals + 1));
  TRY(parse_format("jsonpath=" + goal.what));
  return goal;
}

// An Error is kubectl's: the path leads to what no value can be compared with.
Result<bool> holds(const Goal& goal, View pod) {
  if (goal.kind == Goal::Kind::kCreate) return true;
  if (goal.kind == Goal::Kind::kCondition) return has_condition(pod, goal.what, *goal.value);
  const auto values = path_values(goal.what, *pod.get());
  if (!values || values->empty()) return false;
  const auto& first = *values->front();
  if (!goal.value) return !first.is_string() || !first.get_string().empty();
  if (values->size() > 1) {
    return fail(Code::kFailedPrecondition, "given jsonpath expression matches more than one value",
                {});
  }
  if (first.is_object() || first.is_array()) {
    return fail(Code::kFailedPrecondition,
                "jsonpath leads to a nested object or list which is not supported", {});
  }
  return View(first).scalar() == *goal.value;
}

Result<std::vector<ObjectRef>> chosen(Invocation& in) {
  std::vector<std::string> words = in.args.operands;
  const bool many = in.args.flag("all") || in.args.has("selector");
  if (words.empty() && many) words = {"pods"};
  if (words.empty())
    return fail(Code::kInvalidArgument, "say which pod: pod/NAME, -l SELECTOR or --all", {});
  std::vector<ObjectRef> out;
  auto refs = TRY(parse_refs(words));
  TRY(check_operands(words, refs, chosen_by(in)));
  for (ObjectRef& ref : refs) {
    if (ref.resource != &pods())
      return fail(Code::kInvalidArgument, "only pods can be waited for", {});
    if (!ref.name.empty()) {
      ref.ns = in.ns();
      out.push_back(std::move(ref));
      continue;
    }
    if (!many)
      return fail(Code::kInvalidArgument, "say which pod: pod/NAME, -l SELECTOR or --all", {});
    Target target(pods_path(in.all_namespaces() ? "" : in.ns()));
    const auto list = TRY(in.fetch(target.add_if("labelSelector", in.args.get("selector")).str()));
    for (const auto& item : View(list)["items"].items()) {
      View meta = View(item)["metadata"];
      out.push_back(
          {&pods(), std::string(meta["name"].str()), std::string(meta["namespace"].str())});
    }
  }
  return out;
}

Result<void> reach(Invocation& in, const ObjectRef& ref, const Goal& goal, std::int64_t until) {
  if (goal.kind == Goal::Kind::kDelete) {
    std::vector<Going> pods{{ref.ns, ref.name, {}, {}}};
    return wait_gone(in, pods, until);
  }
  Result<bool> reached = false;
  TRY(wait_for(
      in, ref.ns, ref.name, goal.kind == Goal::Kind::kCreate,
      [&](View pod) {
        reached = holds(goal, pod);
        return !reached || *reached;
      },
      until));
  TRY(std::move(reached));
  return {};
}

bool wants_end(const std::vector<Goal>& goals) {
  return std::all_of(goals.begin(), goals.end(),
                     [](const Goal& goal) { return goal.kind == Goal::Kind::kDelete; });
}

bool gone_already(Invocation& in, const ObjectRef& ref, const std::vector<Goal>& goals) {
  if (!wants_end(goals)) return false;
  const auto found = in.fetch(Target(ref.resource->path(ref.ns, ref.name)).str());
  return !found && found.error().code == Code::kNotFound;
}

}  // namespace

int run_wait(Invocation& in) {
  std::vector<Goal> goals;
  for (std::string_view text : in.args.all("for")) {
    auto goal = parse_goal(text);
    if (!goal) return in.usage(goal.error().message());
    goals.push_back(std::move(*goal));
  }
  if (goals.empty()) return in.usage("say what to wait for: --for=condition=Ready");
  auto until = deadline(in, 30);
  if (!until) return in.usage(until.error().message());
  auto refs = chosen(in);
  if (!refs)
    return refs.error().code == Code::kInvalidArgument ? in.usage(refs.error().message())
                                                       : in.failed(refs.error());
  if (refs->empty()) {
    return wants_end(goals) ? kDone : in.failed("no matching resources found");
  }
  int status = kDone;
  for (const ObjectRef& ref : *refs) {
    if (gone_already(in, ref, goals)) continue;  // kubectl has no word for it
    Result<void> reached;
    for (const Goal& goal : goals) {
      if (reached) reached = reach(in, ref, goal, *until);
    }
    if (reached) {
      in.out("pod/" + ref.name + " condition met\n");
    } else if (reached.error().code == Code::kTimedOut) {
      in.err("error: timed out waiting for the condition on pods/" + ref.name + "\n");
      status = kFailed;
    } else {
      status = in.failed(reached.error());
    }
  }
  return status;
}

}  // namespace podctl::cli
