// The volumes' part of describe: kubectl's describeVolumes. A table tells, for each source, its
// sentence and its fields; the few that need more have a function.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <span>

#include "cli/describe_parts.hpp"
#include "podctl/api/quantity.hpp"

namespace podctl::cli {
namespace {

enum class Show : std::uint8_t { kText, kNoneIfAbsent, kBool };

struct Line {
  std::string_view key, field;
  Show show = Show::kText;
};

struct Source {
  std::string_view field, sentence;
  std::span<const Line> lines;
};

constexpr Line kHostPath[] = {{"Path", "path"}, {"HostPathType", "type", Show::kNoneIfAbsent}};
constexpr Line kSecret[] = {{"SecretName", "secretName"}, {"Optional", "optional", Show::kBool}};
constexpr Line kConfigMap[] = {{"Name", "name"}, {"Optional", "optional", Show::kBool}};
constexpr Line kClaim[] = {{"ClaimName", "claimName"}, {"ReadOnly", "readOnly", Show::kBool}};
constexpr Line kNfs[] = {
    {"Server", "server"}, {"Path", "path"}, {"ReadOnly", "readOnly", Show::kBool}};
constexpr Line kCsi[] = {
    {"Driver", "driver"}, {"FSType", "fsType"}, {"ReadOnly", "readOnly", Show::kBool}};
constexpr Line kImage[] = {{"Reference", "reference"}, {"PullPolicy", "pullPolicy"}};

constexpr Source kSources[] = {
    {"hostPath", "HostPath (bare host directory volume)", kHostPath},
    {"secret", "Secret (a volume populated by a Secret)", kSecret},
    {"configMap", "ConfigMap (a volume populated by a ConfigMap)", kConfigMap},
    {"persistentVolumeClaim",
     "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
     kClaim},
    {"nfs", "NFS (an NFS mount that lasts the lifetime of a pod)", kNfs},
    {"csi", "CSI (a Container Storage Interface (CSI) volume source)", kCsi},
    {"image", "Image (a container image or OCI artifact)", kImage},
};

void line(DescribeText& out, const Line& l, View source) {
  View value = source[l.field];
  if (l.show == Show::kBool) return out.pair(2, l.key, value.flag() ? "true" : "false");
  if (l.show == Show::kNoneIfAbsent && !value) return out.pair(2, l.key, "<none>");
  out.pair(2, l.key, value.scalar());
}

void empty_dir(DescribeText& out, View source) {
  out.pair(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
  out.pair(2, "Medium", source["medium"].str());
  const std::string limit = source["sizeLimit"].scalar();
  auto quantity = api::Quantity::parse(limit);
  out.pair(2, "SizeLimit", quantity && quantity->sign() > 0 ? limit : "<unset>");
}

void downward(DescribeText& out, View source) {
  out.pair(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
  out.title(2, "Items");
  for (const auto& item : source["items"].items()) {
    View i(item);
    View from = i["fieldRef"] ? i["fieldRef"]["fieldPath"] : i["resourceFieldRef"]["resource"];
    out.line(3, std::string(from.str()) + " -> " + std::string(i["path"].str()));
  }
}

void projected(DescribeText& out, View source) {
  out.pair(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
  for (const auto& item : source["sources"].items()) {
    View s(item);
    for (auto [field, key] : {std::pair{"secret", "SecretName"}, {"configMap", "ConfigMapName"}}) {
      if (!s[field]) continue;
      out.pair(2, key, s[field]["name"].str());
      out.pair(2, "Optional", s[field]["optional"].flag() ? "true" : "false");
    }
    if (s["downwardAPI"]) out.pair(2, "DownwardAPI", "true");
    if (View token = s["serviceAccountToken"]) {
      out.pair(2, "TokenExpirationSeconds", std::to_string(token["expirationSeconds"].num()));
    }
  }
}

// The claim as far as a template of one goes.
void ephemeral(DescribeText& out, View claim) {
  out.pair(2, "Type",
           "EphemeralVolume (an inline specification for a volume that gets created and deleted "
           "with the pod)");
  if (!claim) return;
  View meta = claim["metadata"], spec = claim["spec"];
  out.pair(2, "StorageClass", spec["storageClassName"].str());
  out.pair(2, "Volume", spec["volumeName"].str());
  describe_map(out, "Labels", meta["labels"], "=", 2);
  describe_annotations(out, meta["annotations"], 2);
  out.pair(2, "Capacity", "");
  out.pair(2, "Access Modes", "");
  if (spec["volumeMode"]) out.pair(2, "VolumeMode", spec["volumeMode"].str());
}

void volume(DescribeText& out, View v) {
  if (v["ephemeral"]) return ephemeral(out, v["ephemeral"]["volumeClaimTemplate"]);
  if (v["emptyDir"]) return empty_dir(out, v["emptyDir"]);
  if (v["downwardAPI"]) return downward(out, v["downwardAPI"]);
  if (v["projected"]) return projected(out, v["projected"]);
  for (const Source& source : kSources) {
    if (!v[source.field]) continue;
    out.pair(2, "Type", source.sentence);
    for (const Line& l : source.lines) line(out, l, v[source.field]);
    return;
  }
  out.line(1, "<unknown>");
}

}  // namespace

void describe_volumes(DescribeText& out, View volumes) {
  if (volumes.items().empty()) return out.pair(0, "Volumes", "<none>");
  out.title(0, "Volumes");
  for (const auto& item : volumes.items()) {
    out.title(1, View(item)["name"].str());
    volume(out, item);
  }
}

}  // namespace podctl::cli
