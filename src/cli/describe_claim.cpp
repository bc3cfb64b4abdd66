// A PersistentVolumeClaim as kubectl describes it (kubernetes/kubectl pkg/describe/describe.go).
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/describe_parts.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

std::string list(View items) {
  std::vector<std::string> words;
  for (const auto& item : items.items()) words.emplace_back(View(item).str());
  return "[" + text::join(words, " ") + "]";
}

std::string modes(View items) {
  static constexpr std::pair<std::string_view, std::string_view> kShort[] = {
      {"ReadWriteOnce", "RWO"},
      {"ReadOnlyMany", "ROX"},
      {"ReadWriteMany", "RWX"},
      {"ReadWriteOncePod", "RWOP"}};
  std::string out;
  for (const auto& [mode, word] : kShort) {
    for (const auto& item : items.items()) {
      if (View(item).str() == mode) out += (out.empty() ? "" : ",") + std::string(word);
    }
  }
  return out;
}

}  // namespace

std::string describe_claim(View claim, const std::vector<std::string>& users, View events,
                           std::int64_t now) {
  DescribeText out;
  View meta = claim["metadata"], spec = claim["spec"], status = claim["status"];
  out.pair(0, "Name", meta["name"].str());
  out.pair(0, "Namespace", meta["namespace"].str());
  out.pair(0, "StorageClass", spec["storageClassName"].str());
  if (meta["deletionTimestamp"]) {
    out.pair(0, "Status", "Terminating (lasts " + age(meta["deletionTimestamp"].str(), now) + ")");
  } else {
    out.pair(0, "Status", status["phase"].str());
  }
  out.pair(0, "Volume", spec["volumeName"].str());
  describe_map(out, "Labels", meta["labels"], "=");
  describe_annotations(out, meta["annotations"]);
  out.pair(0, "Finalizers", list(meta["finalizers"]));
  out.pair(0, "Capacity", status["capacity"]["storage"].scalar());
  out.pair(0, "Access Modes", modes(status["accessModes"]));
  out.pair(0, "VolumeMode", spec["volumeMode"].str());
  std::string lead = "Used By:\t";
  for (const std::string& user : users) {
    out.line(0, lead + user);
    lead = "\t";
  }
  if (users.empty()) out.line(0, lead + "<none>");
  // Its capacity is what was asked for, as that of Kubernetes' local volumes.
  if (status["phase"].str() == "Bound") {
    out.pair(0, "Size Limit",
             "none: the volume is a directory, and grows as far as its file system has room");
  }
  if (events.get() != nullptr) describe_events(out, events, now);
  return out.str(true);
}

}  // namespace podctl::cli
