// apply: read and check everything, then make each object with one request; only when it exists
// already is it fetched and compared. What is only kept is merged in apply_kept.cpp.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "cli/applied.hpp"
#include "cli/apply_parts.hpp"
#include "cli/manifest_files.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/diff.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

DryRun dry_run(Invocation& in) {
  const std::string_view mode = in.args.get("dry-run", "none");
  return mode == "client" ? DryRun::kClient : mode == "server" ? DryRun::kServer : DryRun::kNone;
}

// The list of paths without the annotation that podctl itself keeps.
void forget_own(std::vector<std::string>& paths) {
  std::erase_if(paths, [](const std::string& p) {
    return p.find("last-applied-configuration") != std::string::npos;
  });
}

class Applier {
 public:
  Applier(Invocation& in, DryRun mode, const ManifestFile& file)
      : in_(in), mode_(mode), file_(file) {}

  Result<Applied> apply(const api::Manifest& manifest) {
    if (!manifest.is_pod()) return apply_kept(in_, mode_, file_, manifest);
    const boost::json::value object = with_annotation(manifest);
    if (mode_ == DryRun::kClient) return foresee(manifest, object);
    Request request;
    request.method = "POST";
    request.target = target(pods_path(manifest.pod.metadata.namespace_), mode_);
    request.body = boost::json::serialize(object);
    const Reply reply = TRY(in_.call(request));
    if (reply.ok()) return Applied{"created", TRY(parse_json_value(reply.body))};
    if (reply.status != 409 || refusal_reason(reply) != "AlreadyExists") {
      return refuse(reply, manifest);
    }
    return update(manifest, object, request);
  }

 private:
  // What would happen, as far as a podctld that runs can tell; none is started for it.
  Result<Applied> foresee(const api::Manifest& manifest, const boost::json::value& object) {
    const auto& meta = manifest.pod.metadata;
    if (!Client::connect(in_.layout.socket())) return Applied{"created", object};
    auto live = in_.fetch(pods_path(meta.namespace_, meta.name));
    if (!live && live.error().code == Code::kNotFound) return Applied{"created", object};
    if (!live) return Failure(std::move(live).error());
    return Applied{TRY(update(manifest, object, {})).word, object};
  }

  Failure refuse(const Reply& reply, const api::Manifest& manifest) const {
    return apply_refused(reply, file_, manifest);
  }

  // A pod's status changes at any moment: what is merged into what it was is then merged again.
  Result<Applied> update(const api::Manifest& manifest, const boost::json::value& object,
                         const Request& create, int tries = kMergeTries) {
    const auto& meta = manifest.pod.metadata;
    boost::json::value live_object = TRY(in_.fetch(pods_path(meta.namespace_, meta.name)));
    const api::Pod live = to_pod(live_object);
    if (tries == kMergeTries && live.metadata.deletionTimestamp && !in_.args.flag("force")) {
      in_.err("Warning: pod/" + meta.name +
              " is being deleted and will not come back by itself: apply again when it is gone\n");
    }
    if (tries == kMergeTries && !View(live_object)["metadata"]["annotations"][kLastApplied]) {
      in_.err("Warning: pods/" + meta.name +
              " was not made by apply: what it has and the manifest has not stays\n");
    }
    const api::Pod wanted = applied_over(live_object, object);
    api::PodChange change = api::pod_change(live, wanted);
    forget_own(change.changed);
    forget_own(change.immutable);
    if (!change.immutable.empty()) {
      if (in_.args.flag("force")) return recreate(manifest, create);
      return immutable(meta.name, change.immutable);
    }
    if (change.unchanged()) return Applied{"unchanged", std::move(live_object)};
    if (mode_ == DryRun::kClient) return Applied{"configured", object};
    Request put;
    put.method = "PUT";
    put.target = target(pods_path(meta.namespace_, meta.name), mode_);
    put.body = api::to_json(wanted);
    const Reply reply = TRY(in_.call(put));
    if (merge_again(reply, tries)) return update(manifest, object, create, tries - 1);
    if (!reply.ok()) return refuse(reply, manifest);
    return Applied{"configured", TRY(parse_json_value(reply.body))};
  }

  static Failure immutable(const std::string& name, const std::vector<std::string>& paths) {
    std::string list;
    for (const std::string& path : paths) list += "\n  " + path;
    return fail(Code::kConflict,
                "The Pod \"" + name +
                    "\" is there already and these fields of it cannot be changed:" + list +
                    "\nGive --force to delete it at once and make it anew.",
                {});
  }

  Result<Applied> recreate(const api::Manifest& manifest, const Request& create) {
    const auto& meta = manifest.pod.metadata;
    if (mode_ != DryRun::kNone)
      return Applied{"configured (recreated)", api::to_value(manifest.tree)};
    std::vector<Going> old{TRY(request_delete(in_, meta.namespace_, meta.name, 0))};
    TRY(wait_gone(in_, old, 0));
    const Reply reply = TRY(in_.call(create));
    if (!reply.ok()) return refuse(reply, manifest);
    return Applied{"configured (recreated)", TRY(parse_json_value(reply.body))};
  }

  Invocation& in_;
  DryRun mode_;
  const ManifestFile& file_;
};

std::string suffix(DryRun mode) {
  return mode == DryRun::kClient   ? " (dry run)"
         : mode == DryRun::kServer ? " (server dry run)"
                                   : "";
}

int failed_apply(Invocation& in, const Error& error) {
  if (error.code == Code::kConflict || error.op.find("Error from server") != std::string::npos) {
    in.err(error.op + "\n");
    return kFailed;
  }
  return in.failed(error);
}

// Says on stderr, once each, what keeps the containers of a pod that is waited for from running.
class Troubles {
 public:
  explicit Troubles(Invocation& in) : in_(in) {}
  void look(View pod) {
    for (const auto& item : pod["status"]["conditions"].items()) {
      const View condition(item);
      if (condition["type"].str() != "PodScheduled" || condition["status"].str() == "True")
        continue;
      const std::string line = "pod/" + std::string(pod["metadata"]["name"].str()) + ": " +
                               std::string(condition["reason"].str()) + ": " +
                               cell_text(condition["message"].str());
      if (said_.insert(line).second) in_.err(line + "\n");
    }
    for (std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
      for (const auto& item : pod["status"][list].items()) {
        View waiting = View(item)["state"]["waiting"];
        const std::string_view reason = waiting["reason"].str();
        if (reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing")
          continue;
        const std::string line = "pod/" + std::string(pod["metadata"]["name"].str()) +
                                 ": container " + std::string(View(item)["name"].str()) + ": " +
                                 std::string(reason);
        if (!said_.insert(line).second) continue;
        in_.err(line + ": " + cell_text(waiting["message"].str()) + "\n");
      }
    }
  }

 private:
  Invocation& in_;
  std::set<std::string> said_;
};

int wait_for_all(Invocation& in, const std::vector<ObjectRef>& refs) {
  auto until = deadline(in, 0);
  if (!until) return in.usage(until.error().message());
  std::string_view condition = in.args.get("wait");
  int status = kDone;
  Troubles troubles(in);
  for (const ObjectRef& ref : refs) {
    std::string ended;  // the phase of a pod that will never have it
    auto met = wait_for(
        in, ref.ns, ref.name, false,
        [&](View pod) {
          if (has_condition(pod, condition, "True")) return true;
          const std::string_view phase = pod["status"]["phase"].str();
          if (phase == "Succeeded" || phase == "Failed") ended = phase;
          if (ended.empty()) troubles.look(pod);
          return !ended.empty();
        },
        *until);
    if (met && !ended.empty()) {
      status = in.failed("pod/" + ref.name + " is over (" + ended + ") without the condition " +
                         std::string(condition));
    } else if (met) {
      in.out("pod/" + ref.name + " condition met\n");
    } else if (met.error().code == Code::kTimedOut) {
      status = in.failed("timed out waiting for the condition on pods/" + ref.name);
    } else {
      status = in.failed(met.error());
    }
  }
  return status;
}

// Asks for every object before the first is made: what one of them is refused for leaves all
// undone.
bool all_would_do(Invocation& in, const std::vector<LoadedFile>& files) {
  std::size_t objects = 0, refused = 0;
  for (const LoadedFile& file : files) objects += file.loaded.manifests.size();
  if (objects < 2) return true;  // one is made or not
  for (const LoadedFile& file : files) {
    Applier applier(in, DryRun::kServer, file.file);
    for (const api::Manifest& manifest : file.loaded.manifests) {
      auto applied = applier.apply(manifest);
      if (applied) continue;
      failed_apply(in, applied.error());
      ++refused;
    }
  }
  if (refused == 0) return true;
  in.failed(std::to_string(refused) + " of " + std::to_string(objects) +
            " objects refused: nothing was changed");
  return false;
}

}  // namespace

int run_apply(Invocation& in) {
  if (in.args.all("filename").empty()) return in.usage("must specify -f FILE, a directory or -");
  auto files = load_files(in, api::Bar::kPodctl);
  if (!files) return in.failed(files.error());
  const DryRun mode = dry_run(in);
  const std::string_view format = in.args.get("output");
  std::vector<boost::json::value> objects;
  std::vector<ObjectRef> done;
  int status = kDone;
  if (mode == DryRun::kNone && !all_would_do(in, *files)) return kFailed;
  for (const LoadedFile& file : *files) {
    Applier applier(in, mode, file.file);
    for (const api::Manifest& manifest : file.loaded.manifests) {
      const Resource& resource = resource_of(*manifest.kind);
      const api::ObjectMeta& meta = manifest.metadata();
      const std::string shown = std::string(resource.singular) + "/" + meta.name;
      for (const std::string& path : manifest.unsupported) {
        in.err("Warning: " + path + ": podctl does not act on this field yet (" + shown + ")\n");
      }
      auto applied = applier.apply(manifest);
      if (!applied) {
        status = failed_apply(in, applied.error());
        continue;
      }
      if (manifest.is_pod()) done.push_back({&resource, meta.name, meta.namespace_});
      if (format.empty()) in.out(shown + " " + applied->word + suffix(mode) + "\n");
      objects.push_back(std::move(applied->object));
    }
  }
  if (!format.empty() && !objects.empty()) {
    auto text = format_object(parse_format(format).value(),
                              objects.size() == 1 ? objects[0] : list_of(objects));
    if (!text) return in.failed(text.error());
    in.out(*text);
  }
  if (in.args.has("wait") && mode == DryRun::kNone)
    status = std::max(status, wait_for_all(in, done));
  return status;
}

}  // namespace podctl::cli
