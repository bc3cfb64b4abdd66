#include "oci.hpp"

#include <boost/json.hpp>
#include <ctime>

#include "podctl/image/reference.hpp"

namespace podctl::image::oci {
namespace {

namespace json = boost::json;

Failure bad(const std::string& label, std::string why) {
  return fail(Code::kCorrupt, "read", label, std::move(why));
}

json::string_view view(std::string_view s) { return {s.data(), s.size()}; }
std::string text(const json::string& s) { return {s.data(), s.size()}; }

Result<json::value> parse(std::string_view source, const std::string& label) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  auto value = json::parse(view(source), error, {}, options);
  if (error) return bad(label, "not JSON: " + error.message());
  return value;
}

Result<json::object> parse_object(std::string_view source, const std::string& label) {
  auto value = TRY(parse(source, label));
  if (!value.is_object()) return bad(label, "not a JSON object");
  return std::move(value.get_object());
}

// A member that may be absent or null.
Result<std::string> string_in(const json::object& object, std::string_view key,
                              const std::string& label) {
  const auto* value = object.if_contains(view(key));
  if (value == nullptr || value->is_null()) return std::string();
  if (const auto* s = value->if_string()) return text(*s);
  return bad(label, std::string(key) + " must be a string");
}

Result<std::vector<std::string>> strings_in(const json::object& object, std::string_view key,
                                            const std::string& label) {
  std::vector<std::string> out;
  const auto* value = object.if_contains(view(key));
  if (value == nullptr || value->is_null()) return out;
  // Old builders wrote a lone string.
  if (const auto* s = value->if_string()) return std::vector{text(*s)};
  const auto* array = value->if_array();
  if (array == nullptr) return bad(label, std::string(key) + " must be a list of strings");
  for (const auto& item : *array) {
    const auto* s = item.if_string();
    if (s == nullptr) return bad(label, std::string(key) + " must be a list of strings");
    out.push_back(text(*s));
  }
  return out;
}

Result<json::object> object_in(const json::object& object, std::string_view key,
                               const std::string& label) {
  const auto* value = object.if_contains(view(key));
  if (value == nullptr || value->is_null()) return json::object();
  if (const auto* o = value->if_object()) return *o;
  return bad(label, std::string(key) + " must be an object");
}

Result<std::vector<std::string>> keys_in(const json::object& object, std::string_view key,
                                         const std::string& label) {
  std::vector<std::string> out;
  for (const auto& member : TRY(object_in(object, key, label)))
    out.emplace_back(member.key().data(), member.key().size());
  return out;
}

// The name under which a tool stored the image: containerd's annotation is always whole.
Result<std::string> name_in(const json::object& annotations, const std::string& label) {
  auto whole = TRY(string_in(annotations, "io.containerd.image.name", label));
  if (!whole.empty()) return whole;
  return string_in(annotations, "org.opencontainers.image.ref.name", label);
}

Result<Descriptor> parse_descriptor(const json::value& value, const std::string& label) {
  const auto* object = value.if_object();
  if (object == nullptr) return bad(label, "a descriptor must be an object");
  Descriptor out;
  out.media_type = TRY(string_in(*object, "mediaType", label));
  out.digest = TRY(string_in(*object, "digest", label));
  if (!valid_digest(out.digest))
    return bad(label, "digest \"" + out.digest + "\" is not \"sha256:\" and 64 hex digits");
  if (const auto* size = object->if_contains("size");
      size != nullptr && size->is_int64() && size->get_int64() >= 0)
    out.size = static_cast<std::uint64_t>(size->get_int64());
  out.is_index = out.media_type == kIndexType ||
                 out.media_type == "application/vnd.docker.distribution.manifest.list.v2+json";
  out.name = TRY(name_in(TRY(object_in(*object, "annotations", label)), label));
  const auto platform = TRY(object_in(*object, "platform", label));
  if (!platform.empty()) {
    out.fits = TRY(string_in(platform, "os", label)) == "linux" &&
               TRY(string_in(platform, "architecture", label)) == "amd64";
  }
  return out;
}

// RFC 3339 in UTC as builders write it; fractions and offsets of a second's worth do not matter
// here.
std::int64_t parse_time(const std::string& s) {
  std::tm tm{};
  if (::strptime(s.c_str(), "%Y-%m-%dT%H:%M:%S", &tm) == nullptr) return 0;
  const std::int64_t t = ::timegm(&tm);
  return t < 0 ? 0 : t;
}

std::string write_time(std::int64_t seconds) {
  const std::time_t t = seconds;
  std::tm tm{};
  char out[32] = "";
  if (::gmtime_r(&t, &tm) != nullptr) ::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return out;
}

Result<ImageConfig> parse_config(const json::object& object, const std::string& label) {
  ImageConfig out;
  out.entrypoint = TRY(strings_in(object, "Entrypoint", label));
  out.cmd = TRY(strings_in(object, "Cmd", label));
  out.env = TRY(strings_in(object, "Env", label));
  out.user = TRY(string_in(object, "User", label));
  out.workdir = TRY(string_in(object, "WorkingDir", label));
  out.stop_signal = TRY(string_in(object, "StopSignal", label));
  out.exposed_ports = TRY(keys_in(object, "ExposedPorts", label));
  out.volumes = TRY(keys_in(object, "Volumes", label));
  for (const auto& member : TRY(object_in(object, "Labels", label))) {
    const auto* value = member.value().if_string();
    if (value == nullptr) return bad(label, "Labels must hold strings");
    out.labels.emplace(std::string(member.key().data(), member.key().size()), text(*value));
  }
  return out;
}

json::array array_of(const std::vector<std::string>& items) {
  json::array out;
  for (const auto& item : items) out.emplace_back(item);
  return out;
}

json::object set_of(const std::vector<std::string>& items) {
  json::object out;
  for (const auto& item : items) out[item] = json::object();
  return out;
}

json::object config_object(const ImageConfig& config) {
  json::object out;
  if (!config.user.empty()) out["User"] = config.user;
  if (!config.exposed_ports.empty()) out["ExposedPorts"] = set_of(config.exposed_ports);
  if (!config.env.empty()) out["Env"] = array_of(config.env);
  if (!config.entrypoint.empty()) out["Entrypoint"] = array_of(config.entrypoint);
  if (!config.cmd.empty()) out["Cmd"] = array_of(config.cmd);
  if (!config.volumes.empty()) out["Volumes"] = set_of(config.volumes);
  if (!config.workdir.empty()) out["WorkingDir"] = config.workdir;
  if (!config.stop_signal.empty()) out["StopSignal"] = config.stop_signal;
  if (!config.labels.empty()) {
    json::object labels;
    for (const auto& [key, value] : config.labels) labels[key] = value;
    out["Labels"] = labels;
  }
  return out;
}

json::object descriptor_object(const Descriptor& descriptor) {
  json::object out;
  out["mediaType"] = descriptor.media_type;
  out["digest"] = descriptor.digest;
  out["size"] = descriptor.size;
  if (!descriptor.name.empty()) {
    out["annotations"] = json::object{{"io.containerd.image.name", descriptor.name},
                                      {"org.opencontainers.image.ref.name", descriptor.name}};
  }
  return out;
}

}  // namespace

Result<std::vector<Descriptor>> parse_index(std::string_view source, const std::string& label) {
  const auto object = TRY(parse_object(source, label));
  const auto* list = object.if_contains("manifests");
  const auto* array = list != nullptr ? list->if_array() : nullptr;
  if (array == nullptr) return bad(label, "manifests must be a list");
  std::vector<Descriptor> out;
  for (const auto& item : *array) out.push_back(TRY(parse_descriptor(item, label)));
  return out;
}

Result<Manifest> parse_manifest(std::string_view source, const std::string& label) {
  const auto object = TRY(parse_object(source, label));
  const auto* config = object.if_contains("config");
  const auto* layers = object.if_contains("layers");
  if (config == nullptr || layers == nullptr || !layers->is_array())
    return bad(label, "needs config and layers");
  Manifest out;
  out.config = TRY(parse_descriptor(*config, label));
  for (const auto& layer : layers->get_array())
    out.layers.push_back(TRY(parse_descriptor(layer, label)));
  return out;
}

Result<std::vector<Saved>> parse_saved(std::string_view source, const std::string& label) {
  const auto value = TRY(parse(source, label));
  const auto* array = value.if_array();
  if (array == nullptr) return bad(label, "must be a list");
  std::vector<Saved> out;
  for (const auto& item : *array) {
    const auto* object = item.if_object();
    if (object == nullptr) return bad(label, "must be a list of objects");
    Saved saved;
    saved.config = TRY(string_in(*object, "Config", label));
    saved.names = TRY(strings_in(*object, "RepoTags", label));
    saved.layers = TRY(strings_in(*object, "Layers", label));
    if (saved.config.empty()) return bad(label, "needs Config");
    out.push_back(std::move(saved));
  }
  return out;
}

Result<Configuration> parse_configuration(std::string_view source, const std::string& label) {
  const auto object = TRY(parse_object(source, label));
  const auto os = TRY(string_in(object, "os", label));
  const auto architecture = TRY(string_in(object, "architecture", label));
  if ((!os.empty() && os != "linux") || (!architecture.empty() && architecture != "amd64"))
    return fail(Code::kUnsupported, "use image", label,
                "it is for " + os + "/" + architecture + ", this machine is linux/amd64");
  Configuration out;
  out.config = TRY(parse_config(TRY(object_in(object, "config", label)), label));
  out.created = parse_time(TRY(string_in(object, "created", label)));
  const auto rootfs = TRY(object_in(object, "rootfs", label));
  out.diff_ids = TRY(strings_in(rootfs, "diff_ids", label));
  for (const auto& id : out.diff_ids)
    if (!valid_digest(id)) return bad(label, "diff_id \"" + id + "\" is not a sha256 digest");
  return out;
}

std::string write_index(const std::vector<Descriptor>& manifests) {
  json::array list;
  for (const auto& descriptor : manifests) list.push_back(descriptor_object(descriptor));
  return json::serialize(json::object{
      {"schemaVersion", 2}, {"mediaType", view(kIndexType)}, {"manifests", std::move(list)}});
}

std::string write_manifest(const Manifest& manifest) {
  json::array layers;
  for (const auto& layer : manifest.layers) layers.push_back(descriptor_object(layer));
  return json::serialize(json::object{{"schemaVersion", 2},
                                      {"mediaType", view(kManifestType)},
                                      {"config", descriptor_object(manifest.config)},
                                      {"layers", std::move(layers)}});
}

std::string write_configuration(const Configuration& configuration) {
  const std::string created = write_time(configuration.created);
  json::object rootfs{{"type", "layers"}, {"diff_ids", array_of(configuration.diff_ids)}};
  json::array history{json::object{{"created", created}, {"comment", "imported by podctl"}}};
  return json::serialize(json::object{{"created", created},
                                      {"architecture", "amd64"},
                                      {"os", "linux"},
                                      {"config", config_object(configuration.config)},
                                      {"rootfs", std::move(rootfs)},
                                      {"history", std::move(history)}});
}

Result<std::string> write_record(const Image& image, std::string_view configuration) {
  auto document = TRY(parse_object(configuration, image.id));
  return json::serialize(json::object{{"id", image.id},
                                      {"digest", image.digest},
                                      {"names", array_of(image.names)},
                                      {"size", image.size},
                                      {"created", write_time(image.created)},
                                      {"diffIDs", array_of(image.diff_ids)},
                                      {"layers", array_of(image.layers)},
                                      {"oci", std::move(document)}});
}

}  // namespace podctl::image::oci
