// ConfigMaps and Secrets as kubectl describes them (kubernetes/kubectl pkg/describe/describe.go).
// Of a Secret's data only the sizes are shown.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>

#include "cli/describe_parts.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/describe.hpp"

namespace podctl::cli {
namespace {

// By key.
std::map<std::string, std::string> texts(View map) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : map.fields()) out.emplace(std::string(key), View(value).scalar());
  return out;
}

// How many bytes a base64 text stands for.
std::size_t decoded_size(std::string_view base64) {
  std::size_t padding = 0;
  while (padding < 2 && base64.ends_with('=')) base64.remove_suffix(1), ++padding;
  return base64.size() * 3 / 4;
}

std::string head(View object) {
  DescribeText out;
  View meta = object["metadata"];
  out.pair(0, "Name", meta["name"].str());
  out.pair(0, "Namespace", meta["namespace"].str());
  describe_map(out, "Labels", meta["labels"], "=");
  describe_annotations(out, meta["annotations"]);
  return out.str(true);
}

std::string sizes(View map, std::string_view between) {
  DescribeText out;
  for (const auto& [key, value] : texts(map)) {
    out.line(0, key + std::string(between) + std::to_string(decoded_size(value)) + " bytes");
  }
  return out.str();
}

}  // namespace

std::string describe_config_map(View object, View events, std::int64_t now) {
  std::string text = head(object) + "\nData\n====\n";
  for (const auto& [key, value] : texts(object["data"]))
    text += key + ":\n----\n" + utf8::printable(value) + "\n\n";
  text += "\nBinaryData\n====\n" + sizes(object["binaryData"], ": ") + "\n";
  if (events.get() == nullptr) return text;
  DescribeText out;
  describe_events(out, events, now);
  return text + out.str(true);
}

std::string describe_secret(View object) {
  return head(object) + "\nType:  " + std::string(object["type"].str()) + "\n\nData\n====\n" +
         sizes(object["data"], ":\t");
}

}  // namespace podctl::cli
