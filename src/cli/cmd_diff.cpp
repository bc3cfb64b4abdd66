// diff: what apply would change, by a trial that podctld makes of it.
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/applied.hpp"
#include "cli/apply_parts.hpp"
#include "cli/manifest_files.hpp"
#include "cli/text_diff.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

constexpr int kDiffers = 1, kTrouble = 2;  // as diff(1)

// Without what only podctld writes, and the copy of the manifest that apply keeps.
std::string shown(boost::json::value object) {
  if (!object.is_object()) return {};
  auto& members = object.as_object();
  members.erase("status");
  auto* meta = members.if_contains("metadata");
  if (meta != nullptr && meta->is_object()) {
    for (const char* own : {"resourceVersion", "uid", "creationTimestamp", "generation"})
      meta->as_object().erase(own);
    auto* annotations = meta->as_object().if_contains("annotations");
    if (annotations != nullptr && annotations->is_object()) {
      annotations->as_object().erase(kLastApplied);
      if (annotations->as_object().empty()) meta->as_object().erase("annotations");
    }
  }
  return api::to_yaml(object);
}

Result<boost::json::value> tried(Invocation& in, std::string_view method, const std::string& path,
                                 std::string body) {
  Request request;
  request.method = method;
  request.target = Target(path).add("dryRun", "All").str();
  request.body = std::move(body);
  const Reply reply = TRY(in.call(request));
  if (!reply.ok())
    return fail(reply.status == 409 ? Code::kConflict : Code::kFailedPrecondition,
                refusal_text(reply), {});
  return parse_json_value(reply.body);
}

// The object as it would be.
Result<boost::json::value> would_be(Invocation& in, const ManifestFile& file,
                                    const api::Manifest& manifest, const boost::json::value* live) {
  if (!manifest.is_pod()) return TRY(apply_kept(in, DryRun::kServer, file, manifest)).object;
  const auto& meta = manifest.metadata();
  const boost::json::value object = with_annotation(manifest);
  if (live == nullptr)
    return tried(in, "POST", pods_path(meta.namespace_), boost::json::serialize(object));
  return tried(in, "PUT", pods_path(meta.namespace_, meta.name),
               api::to_json(applied_over(*live, object)));
}

// Secrets are compared, and never shown.
void hide(boost::json::value& one, const boost::json::value& other, std::string_view which) {
  if (View(one)["kind"].str() != "Secret") return;
  auto* data = one.as_object().if_contains("data");
  if (data == nullptr || !data->is_object()) return;
  for (auto& member : data->as_object()) {
    const bool same = View(other)["data"][member.key()].str() == View(member.value()).str();
    member.value() = same ? "***" : "*** (" + std::string(which) + ")";
  }
}

// Compares what is there with what apply would make of it; again when it was changed in between.
Result<std::string> difference(Invocation& in, const ManifestFile& file,
                               const api::Manifest& manifest, int tries = kMergeTries) {
  const auto& meta = manifest.metadata();
  const Resource& resource = resource_of(*manifest.kind);
  const std::string name =
      "v1." + std::string(resource.kind) + "." + meta.namespace_ + "." + meta.name;
  auto fetched = in.fetch(resource.path(meta.namespace_, meta.name));
  if (!fetched && fetched.error().code != Code::kNotFound) return Failure(fetched.error());
  boost::json::value live;
  if (fetched) live = std::move(*fetched);
  auto tried = would_be(in, file, manifest, live.is_null() ? nullptr : &live);
  if (!tried) {
    if (manifest.is_pod() && tried.error().code == Code::kConflict && tries > 1) {
      pause_briefly();
      return difference(in, file, manifest, tries - 1);
    }
    return Failure(tried.error());
  }
  boost::json::value wanted = std::move(*tried);
  const boost::json::value before = live;
  hide(live, wanted, "before");
  hide(wanted, before, "after");
  return unified_diff(shown(std::move(live)), shown(std::move(wanted)), "LIVE/" + name,
                      "MERGED/" + name);
}

}  // namespace

int run_diff(Invocation& in) {
  if (in.args.all("filename").empty()) return in.usage("must specify -f FILE, a directory or -");
  const auto trouble = [&in](const Error& error) {
    in.failed(error);
    return kTrouble;
  };
  auto files = load_files(in, api::Bar::kPodctl);
  if (!files) return trouble(files.error());
  int status = kDone;
  for (const LoadedFile& file : *files) {
    for (const api::Manifest& manifest : file.loaded.manifests) {
      const auto text = difference(in, file.file, manifest);
      if (!text) return trouble(text.error());
      in.out(*text);
      if (!text->empty()) status = kDiffers;
    }
  }
  return status;
}

}  // namespace podctl::cli
