#include "podctl/node/volume_contents.hpp"

#include <algorithm>
#include <map>

#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/node/context.hpp"

namespace podctl::node {
namespace {

constexpr std::int32_t kDefaultMode = 0644;

// By path; a later source replaces what an earlier one has put there, as in Kubernetes.
using Files = std::map<std::string, wire::VolumeFile>;

void put(Files& files, const std::string& path, std::string content, std::int32_t mode) {
  files[path] = {path, std::move(content), static_cast<std::uint32_t>(mode)};
}

Failure missing(std::string text) { return fail(Code::kNotFound, "", "", std::move(text)); }

// An object's keys and their bytes.
using Values = std::map<std::string, const std::string*>;

Values values_of(const api::ConfigMap& map) {
  Values values;
  for (const auto& [key, text] : map.data) values[key] = &text;
  for (const auto& [key, bytes] : map.binaryData) values[key] = &bytes.data;
  return values;
}
Values values_of(const api::Secret& secret) {
  Values values;
  for (const auto& [key, bytes] : secret.data) values[key] = &bytes.data;
  return values;
}

// All keys, or those of `items` under their paths (K pkg/volume/configmap and secret, MakePayload).
// `no_key` begins the sentence about a key that is not there.
Result<void> take(Files& files, const Values& values, const std::vector<api::KeyToPath>& items,
                  bool optional, std::int32_t mode, const char* no_key) {
  if (items.empty()) {
    for (const auto& [key, value] : values) put(files, key, *value, mode);
    return {};
  }
  for (const auto& item : items) {
    const auto found = values.find(item.key);
    if (found == values.end()) {
      if (optional) continue;
      return missing(no_key + item.key);
    }
    put(files, item.path, *found->second, item.mode.value_or(mode));
  }
  return {};
}

template <class Source>
Result<void> take_config_map(Files& files, const Source& source, const std::string& name,
                             std::int32_t mode, const Configs& configs) {
  const bool optional = source.optional.value_or(false);
  const auto* map = configs.config_map(name);
  if (map == nullptr)
    return optional ? Result<void>() : missing("configmap \"" + name + "\" not found");
  return take(files, values_of(*map), source.items, optional, mode,
              "configmap references non-existent config key: ");
}

template <class Source>
Result<void> take_secret(Files& files, const Source& source, const std::string& name,
                         std::int32_t mode, const Configs& configs) {
  const bool optional = source.optional.value_or(false);
  const auto* secret = configs.secret(name);
  if (secret == nullptr)
    return optional ? Result<void>() : missing("secret \"" + name + "\" not found");
  return take(files, values_of(*secret), source.items, optional, mode,
              "references non-existent secret key: ");
}

Result<std::string> downward_value(const api::Pod& pod, const api::DownwardAPIVolumeFile& file,
                                   const NodeFacts& node) {
  if (file.fieldRef) {
    const auto& path = file.fieldRef->fieldPath;
    if (path == "metadata.labels") return map_text(pod.metadata.labels);
    if (path == "metadata.annotations") return map_text(pod.metadata.annotations);
    return field_value(pod, path, {}, node);
  }
  if (!file.resourceFieldRef)
    return fail(Code::kInvalidArgument, "", "", "no field is named for " + file.path);
  const auto& wanted = *file.resourceFieldRef;
  const auto* container = find_container(pod, wanted.containerName);
  if (container == nullptr) return missing("container " + wanted.containerName + " not found");
  return resource_value(*container, wanted, node);
}

Result<void> take_downward(Files& files, const std::vector<api::DownwardAPIVolumeFile>& items,
                           std::int32_t mode, const api::Pod& pod, const NodeFacts& node) {
  for (const auto& item : items)
    put(files, item.path, TRY(downward_value(pod, item, node)), item.mode.value_or(mode));
  return {};
}

Result<void> take_projected(Files& files, const api::ProjectedVolumeSource& source,
                            const api::Pod& pod, const Configs& configs, const NodeFacts& node) {
  const auto mode = source.defaultMode.value_or(kDefaultMode);
  std::vector<std::string> errors;
  for (const auto& part : source.sources) {
    Result<void> taken;
    if (part.configMap)
      taken = take_config_map(files, *part.configMap, part.configMap->name, mode, configs);
    if (part.secret) taken = take_secret(files, *part.secret, part.secret->name, mode, configs);
    if (part.downwardAPI) taken = take_downward(files, part.downwardAPI->items, mode, pod, node);
    if (!taken) errors.push_back(taken.error().message());
  }
  if (errors.empty()) return {};
  // Several stand in brackets, as apimachinery's aggregate prints them.
  return missing(errors.size() == 1 ? errors[0] : "[" + text::join(errors, ", ") + "]");
}

Result<Files> files_of(const api::Volume& volume, const api::Pod& pod, const Configs& configs,
                       const NodeFacts& node) {
  Files files;
  if (volume.configMap) {
    const auto& source = *volume.configMap;
    TRY(take_config_map(files, source, source.name, source.defaultMode.value_or(kDefaultMode),
                        configs));
  } else if (volume.secret) {
    const auto& source = *volume.secret;
    TRY(take_secret(files, source, source.secretName, source.defaultMode.value_or(kDefaultMode),
                    configs));
  } else if (volume.downwardAPI) {
    const auto& source = *volume.downwardAPI;
    TRY(take_downward(files, source.items, source.defaultMode.value_or(kDefaultMode), pod, node));
  } else if (volume.projected) {
    TRY(take_projected(files, *volume.projected, pod, configs, node));
  }
  return files;
}

// Go's strconv.Quote, but that every whole UTF-8 character counts as printable.
std::string quoted(std::string_view text) {
  static constexpr std::string_view kPlain = "abfnrtv";
  static constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (const std::size_t length = c < 0x80 ? 1 : utf8::character(text, i); length > 1) {
      out += text.substr(i, length);
      i += length;
      continue;
    }
    if (c == '"' || c == '\\') {
      (out += '\\') += text[i];
    } else if (const auto at = kControls.find(text[i]); at != std::string_view::npos) {
      (out += '\\') += kPlain[at];
    } else if (c < 0x20 || c >= 0x7f) {
      out += "\\x" + text::hex(c, 2);
    } else {
      out += text[i];
    }
    ++i;
  }
  return out + "\"";
}

}  // namespace

bool is_filled(const api::Volume& volume) {
  return volume.configMap || volume.secret || volume.downwardAPI || volume.projected;
}

std::string map_text(const std::map<std::string, std::string>& map) {
  std::string out;
  for (const auto& [key, value] : map) out += (out.empty() ? "" : "\n") + key + "=" + quoted(value);
  return out;
}

Contents build_contents(const api::Pod& pod, const Configs& configs, const NodeFacts& node) {
  Contents contents;
  const auto fail_volume = [&](const api::Volume& volume, Code code, std::string why) {
    contents.failed.push_back(
        fail(code, std::string(wire::kVolumeFailed), "\"" + volume.name + "\" ", std::move(why))
            .value());
  };
  for (const auto& volume : pod.spec.volumes) {
    if (volume.persistentVolumeClaim || volume.ephemeral) {
      const auto trouble = configs.claim_trouble(pod, volume);
      if (!trouble.empty()) fail_volume(volume, Code::kNotFound, trouble);
    }
    if (!is_filled(volume)) continue;
    auto files = files_of(volume, pod, configs, node);
    if (!files) {
      fail_volume(volume, files.error().code, files.error().message());
      continue;
    }
    wire::VolumeContent& content = contents.filled.emplace_back();
    content.name = volume.name;
    for (auto& [path, file] : *files) content.files.push_back(std::move(file));
  }
  return contents;
}

}  // namespace podctl::node
