// apply of objects that podctld only keeps.
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/apply_parts.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/three_way.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

// The maps of which a manifest may say that a key is to go: "key: null".
constexpr std::array<std::array<std::string_view, 2>, 4> kMaps{
    {{"data", {}}, {"binaryData", {}}, {"metadata", "labels"}, {"metadata", "annotations"}}};

// Decoded, such a key would be there with an empty value.
void set_nulls(json::object& said, const json::value& manifest) {
  for (const auto& [outer, inner] : kMaps) {
    View written = View(manifest)[outer];
    if (!inner.empty()) written = written[inner];
    for (const auto& [key, value] : written.fields()) {
      if (!value.is_null()) continue;
      json::value& first = said[outer];
      if (!first.is_object()) first = json::object();
      json::value& map = inner.empty() ? first : first.get_object()[inner];
      if (!map.is_object()) map = json::object();
      map.get_object()[key] = nullptr;
    }
  }
}

class Kept {
 public:
  Kept(Invocation& in, DryRun mode, const ManifestFile& file, const api::Manifest& manifest)
      : in_(in),
        mode_(mode),
        file_(file),
        manifest_(manifest),
        kind_(*manifest.kind),
        resource_(resource_of(kind_)),
        meta_(manifest.metadata()),
        object_(with_annotation(manifest)) {}

  Result<Applied> apply() {
    if (mode_ == DryRun::kClient) return foresee();
    const Reply reply = TRY(in_.call(creation()));
    if (reply.ok()) return Applied{"created", TRY(parse_json_value(reply.body))};
    if (reply.status != 409 || refusal_reason(reply) != "AlreadyExists")
      return apply_refused(reply, file_, manifest_);
    return update();
  }

 private:
  Request creation() const {
    Request request;
    request.method = "POST";
    request.target = target(resource_.path(meta_.namespace_), mode_);
    request.body = json::serialize(object_);
    return request;
  }

  // What would happen, as far as a podctld that runs can tell; none is started for it.
  Result<Applied> foresee() {
    if (!Client::connect(in_.layout.socket())) return Applied{"created", object_};
    auto live = in_.fetch(resource_.path(meta_.namespace_, meta_.name));
    if (!live && live.error().code == Code::kNotFound) return Applied{"created", object_};
    if (!live) return Failure(std::move(live).error());
    return Applied{TRY(update()).word, object_};
  }

  // What a manifest says of an object, as the server would keep it: what of its metadata may be
  // changed, and everything else. `live`: what an update leaves out stays as it is there.
  json::value said(const api::Tree& tree, const void* live) const {
    auto object = kind_.make();
    api::Faults ignored;
    api::decode(tree, kind_.type(), object.get(), ignored, api::Unknown::kIgnore);
    if (kind_.inherit != nullptr) kind_.inherit(live, object.get());
    kind_.set_defaults(object.get());
    const auto& written = kind_.metadata(object.get());
    api::ObjectMeta meta;
    meta.labels = written.labels;
    meta.annotations = written.annotations;
    meta.finalizers = written.finalizers;
    // What was applied stands beside the object, for the next apply to see what has been left out.
    meta.annotations[kLastApplied] = View(object_)["metadata"]["annotations"][kLastApplied].str();
    kind_.metadata(object.get()) = std::move(meta);
    json::value said = api::to_value(kind_.type(), object.get());
    set_nulls(said.as_object(), api::to_value(tree));
    return said;
  }

  json::value said_last(const api::ObjectMeta& live_meta, const void* live) const {
    const auto last = live_meta.annotations.find(kLastApplied);
    if (last == live_meta.annotations.end()) return {};
    const api::Parsed parsed = api::parse_json(last->second);
    return parsed.documents.empty() ? json::value() : said(parsed.documents[0], live);
  }

  std::shared_ptr<void> decoded(const json::value& value) const {
    auto object = kind_.make();
    api::Faults ignored;
    api::decode(api::to_tree(value), kind_.type(), object.get(), ignored, api::Unknown::kIgnore);
    return object;
  }

  std::string compared(const json::value& value) const {
    const auto object = decoded(value);
    std::string text;
    api::encode_json(kind_.type(), object.get(), text);
    return text;
  }

  // Somebody else may change it in between; what is merged is then merged again.
  Result<Applied> update(int tries = kMergeTries) {
    json::value live = TRY(in_.fetch(resource_.path(meta_.namespace_, meta_.name)));
    const auto object = decoded(live);
    const json::value wanted = api::three_way(said_last(kind_.metadata(object.get()), object.get()),
                                              said(manifest_.tree, object.get()), live);
    if (compared(live) == compared(wanted)) return Applied{"unchanged", std::move(live)};
    if (mode_ == DryRun::kClient) return Applied{"configured", object_};
    Request put;
    put.method = "PUT";
    put.target = target(resource_.path(meta_.namespace_, meta_.name), mode_);
    put.body = json::serialize(wanted);
    const Reply reply = TRY(in_.call(put));
    if (reply.ok()) return Applied{"configured", TRY(parse_json_value(reply.body))};
    if (merge_again(reply, tries)) return update(tries - 1);
    if (reply.status == 422 && in_.args.flag("force")) return recreate();
    return apply_refused(reply, file_, manifest_);
  }

  Result<Applied> recreate() {
    if (mode_ != DryRun::kNone) return Applied{"configured (recreated)", object_};
    std::vector<Going> old{
        TRY(request_delete(in_, meta_.namespace_, meta_.name, std::nullopt, resource_))};
    if (!old.front().version.empty()) TRY(wait_gone(in_, old, 0));
    const Reply reply = TRY(in_.call(creation()));
    if (!reply.ok()) return apply_refused(reply, file_, manifest_);
    return Applied{"configured (recreated)", TRY(parse_json_value(reply.body))};
  }

  Invocation& in_;
  DryRun mode_;
  const ManifestFile& file_;
  const api::Manifest& manifest_;
  const api::KindInfo& kind_;
  const Resource& resource_;
  const api::ObjectMeta& meta_;
  json::value object_;
};

}  // namespace

Result<Applied> apply_kept(Invocation& in, DryRun mode, const ManifestFile& file,
                           const api::Manifest& manifest) {
  return Kept(in, mode, file, manifest).apply();
}

}  // namespace podctl::cli
