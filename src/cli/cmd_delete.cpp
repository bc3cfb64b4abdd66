// delete: ask for all, then wait for all, so that several pods end side by side.
#include <algorithm>
#include <boost/json/array.hpp>

#include "cli/manifest_files.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

// As kubectl has it (staging/src/k8s.io/kubectl/pkg/cmd/delete/delete.go): below 0 is none of its
// own, and 0, which kills at once, needs --force.
Result<std::optional<std::int64_t>> grace(Invocation& in) {
  std::optional<std::int64_t> seconds;
  if (auto text = in.args.get("grace-period"); !text.empty()) {
    auto number = text::parse_i64(text);
    if (!number) {
      return fail(Code::kInvalidArgument,
                  "invalid value \"" + std::string(text) + "\" for --grace-period", {});
    }
    if (*number >= 0) seconds = *number;
  }
  if (in.args.flag("now")) {
    if (seconds)
      return fail(Code::kInvalidArgument, "--now and --grace-period cannot be given together", {});
    seconds = 1;
  }
  if (in.args.flag("force")) {
    if (seconds.value_or(0) > 0) {
      return fail(Code::kInvalidArgument,
                  "--force and a grace period above 0 cannot be given together", {});
    }
    seconds = 0;
  } else if (seconds == 0) {
    seconds = 1;
  }
  return seconds;
}

// Names from the command line, from -f, or from a list.
Result<std::vector<ObjectRef>> chosen(Invocation& in, std::vector<ObjectRef> refs) {
  if (!in.args.all("filename").empty()) return manifest_names(in);
  if (refs.empty())
    return fail(Code::kInvalidArgument,
                "say what to delete: pod NAME, -l SELECTOR, --all or -f FILE", {});
  const bool many = chosen_by(in).selector;
  std::vector<ObjectRef> out;
  for (ObjectRef& ref : refs) {
    if (ref.resource != &pods() && !ref.resource->kept()) {
      return fail(Code::kInvalidArgument,
                  std::string(ref.resource->plural) + " cannot be deleted by podctl", {});
    }
    if (!ref.name.empty()) {
      out.push_back(std::move(ref));
      continue;
    }
    if (!many)
      return fail(Code::kInvalidArgument, "resource(s) were provided, but no name was specified",
                  {});
    const std::string ns = in.all_namespaces() ? std::string() : in.ns();
    const auto list = TRY(in.fetch(
        Target(ref.resource->path(ns)).add_if("labelSelector", in.args.get("selector")).str()));
    for (const auto& item : View(list)["items"].items()) {
      const View meta = View(item)["metadata"];
      out.push_back(
          {ref.resource, std::string(meta["name"].str()), std::string(meta["namespace"].str())});
    }
  }
  return out;
}

}  // namespace

int run_delete(Invocation& in) {
  auto seconds = grace(in);
  if (!seconds) return in.usage(seconds.error().message());
  auto limit = deadline(in, 0);
  if (!limit) return in.usage(limit.error().message());
  auto named = parse_refs(in.args.operands);
  if (!named) return in.usage(named.error().message());
  if (auto fits = check_operands(in.args.operands, *named, chosen_by(in)); !fits)
    return in.usage(fits.error().message());
  auto refs = chosen(in, std::move(*named));
  if (!refs) {
    const bool words =
        refs.error().code == Code::kInvalidArgument && in.args.all("filename").empty();
    return words ? in.usage(refs.error().message()) : in.failed(refs.error());
  }
  if (refs->empty()) {
    in.err("No resources found\n");
    return kDone;
  }
  int status = kDone;
  std::vector<Going> going;
  for (ObjectRef& ref : *refs) {
    if (ref.ns.empty()) ref.ns = in.ns();
    auto asked = request_delete(in, ref.ns, ref.name, *seconds, *ref.resource);
    if (!asked) {
      if (asked.error().code == Code::kNotFound && in.args.flag("ignore-not-found")) continue;
      status = in.failed(asked.error());
      continue;
    }
    if (in.args.get("output") == "name") {
      in.out(std::string(ref.resource->singular) + "/" + ref.name + "\n");
    } else {
      in.out(std::string(ref.resource->singular) + " \"" + ref.name + "\" " +
             (in.args.flag("force") ? "force deleted" : "deleted") + "\n");
    }
    // What is only kept is gone at once, unless finalizers hold it back.
    if (ref.resource == &pods() || !asked->version.empty()) going.push_back(std::move(*asked));
  }
  if (in.args.get("wait", "true") != "true") return status;
  const auto gone = wait_gone(in, going, *limit);
  if (gone) return status;
  if (gone.error().code != Code::kTimedOut) return in.failed(gone.error());
  for (const Going& g : going) {
    status = in.failed("timed out waiting for the condition on " + std::string(g.resource->plural) +
                       "/" + g.name);
  }
  return status;
}

}  // namespace podctl::cli
