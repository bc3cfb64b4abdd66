#include "cli/apply_parts.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

// The causes of a refusal, in the order in which they stand in the file; empty when one names no
// field.
std::string located_causes(const Reply& reply, const ManifestFile& file,
                           const api::Manifest& manifest) {
  auto status = parse_json_value(reply.body);
  if (!status) return {};
  api::Faults faults;
  for (const auto& item : View(*status)["details"]["causes"].items()) {
    View cause(item);
    auto& fault = faults.emplace_back(api::Fault{std::string(cause["field"].str()),
                                                 std::string(cause["reason"].str()),
                                                 std::string(cause["message"].str()),
                                                 {}});
    if (fault.field.empty()) return {};
    fault.at = api::locate(manifest.tree, fault.field);
    fault.hidden = api::keeps_secrets(manifest.kind->type());
  }
  api::sort_by_place(faults);
  return api::render(faults, file.name, file.text);
}

// All annotations of an object together may hold 256 KiB; these are others'.
constexpr std::size_t kRemembered = std::size_t{252} * 1024;

// Empties the values of an object's maps beside its metadata, those of secret fields or of all.
void blank(boost::json::object& object, const api::Type& type, bool all) {
  for (const api::Field& f : type.fields) {
    auto* value =
        f.shape == api::Shape::kMap && (all || f.hidden) ? object.if_contains(f.name) : nullptr;
    if (value == nullptr || !value->is_object()) continue;
    for (auto& member : value->get_object()) member.value() = "";
  }
}

// What a later apply has to know: which keys this one has set. Their values are nothing to it, so
// those of a Secret are left out, and so are those that there is no room for.
std::string remembered(boost::json::value object, const api::Type& type) {
  blank(object.as_object(), type, false);
  std::string text = boost::json::serialize(object) + "\n";
  if (text.size() <= kRemembered) return text;
  blank(object.as_object(), type, true);
  return boost::json::serialize(object) + "\n";
}

}  // namespace

bool merge_again(const Reply& reply, int tries) {
  if (reply.status != 409 || tries <= 1) return false;
  pause_briefly();
  return true;
}

std::string target(const std::string& path, DryRun mode) {
  Target t(path);
  if (mode == DryRun::kServer) t.add("dryRun", "All");
  return t.str();
}

boost::json::value with_annotation(const api::Manifest& manifest) {
  boost::json::value object = api::to_value(manifest.tree);
  auto& meta = object.as_object()["metadata"].as_object();
  meta["namespace"] = manifest.metadata().namespace_;
  auto& annotations = meta["annotations"];
  // What was read back has the last one in it.
  if (!annotations.is_object()) annotations = boost::json::object();
  annotations.get_object().erase(kLastApplied);
  const std::string written = remembered(object, manifest.kind->type());
  annotations.as_object()[kLastApplied] = written;
  return object;
}

Failure apply_refused(const Reply& reply, const ManifestFile& file, const api::Manifest& manifest) {
  const std::string causes = located_causes(reply, file, manifest);
  if (causes.empty()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
  return fail(Code::kConflict,
              causes + "The " + std::string(manifest.kind->kind) + " \"" +
                  manifest.metadata().name + "\" is invalid.",
              {});
}

}  // namespace podctl::cli
