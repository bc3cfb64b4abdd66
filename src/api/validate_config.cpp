// ConfigMaps and Secrets: keys, size, what each type of Secret must hold, and what an update may
// not change (K pkg/apis/core/validation: ValidateConfigMap, ValidateSecret and their updates).
#include <boost/json/parse.hpp>

#include "api/formats.hpp"
#include "api/validate_parts.hpp"

namespace podctl::api {
namespace {

constexpr std::string_view kFixed = "field is immutable when `immutable` is set";

bool is_json(const std::string& text) {
  boost::system::error_code error;
  boost::json::parse(text, error);
  return !error;
}

std::size_t size_of(const std::string& text) { return text.size(); }
std::size_t size_of(const Bytes& bytes) { return bytes.data.size(); }

// Checks the keys of one map and counts its bytes. `other`: the map that may not have them too.
template <class Map, class Other>
std::size_t keys(const Map& map, const Path& at, const Other& other, std::string_view twice,
                 FaultList& faults) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : map) {
    const Path here = Path::of(at, key);
    faults.check(here, key, check_config_key(key));
    if (!twice.empty() && other.contains(key)) faults.invalid(here, key, twice);
    bytes += size_of(value);
  }
  return bytes;
}

// A Secret as it is written: what stands in either of its maps.
class Contents {
 public:
  Contents(const Secret& secret, const Path& at, FaultList& faults)
      : secret_(secret), at_(at), faults_(faults) {}

  const std::string* find(const std::string& key) const {
    if (const auto text = secret_.stringData.find(key); text != secret_.stringData.end())
      return &text->second;
    const auto bytes = secret_.data.find(key);
    return bytes == secret_.data.end() ? nullptr : &bytes->second.data;
  }
  void need(const std::string& key, bool filled = false) const {
    const auto* value = find(key);
    if (value == nullptr || (filled && value->empty())) faults_.required(Path::of(at_, key));
  }
  void need_json(const std::string& key) const {
    const auto* value = find(key);
    if (value == nullptr) return faults_.required(Path::of(at_, key));
    if (!is_json(*value))
      faults_.invalid(Path::of(at_, key), "<secret contents redacted>", "must be JSON");
  }

 private:
  const Secret& secret_;
  const Path& at_;
  FaultList& faults_;
};

void contents_of_type(const Secret& secret, const Path& meta, const Path& data, FaultList& faults) {
  const Contents contents(secret, data, faults);
  const std::string_view type = secret.type;
  if (type == "kubernetes.io/service-account-token") {
    constexpr const char* kAccount = "kubernetes.io/service-account.name";
    const auto found = secret.metadata.annotations.find(kAccount);
    const Path annotations = Path::of(meta, "annotations");
    if (found == secret.metadata.annotations.end() || found->second.empty())
      faults.required(Path::of(annotations, kAccount));
  } else if (type == "kubernetes.io/dockercfg") {
    contents.need_json(".dockercfg");
  } else if (type == "kubernetes.io/dockerconfigjson") {
    contents.need_json(".dockerconfigjson");
  } else if (type == "kubernetes.io/basic-auth") {
    if (contents.find("username") == nullptr && contents.find("password") == nullptr) {
      contents.need("username");
      contents.need("password");
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    contents.need("ssh-privatekey", true);
  } else if (type == "kubernetes.io/tls") {
    contents.need("tls.crt");
    contents.need("tls.key");
  }
}

}  // namespace

Faults validate_config_map(const ConfigMap& map) {
  Faults out;
  FaultList faults(out);
  const Path root, meta = Path::of(root, "metadata"), data = Path::of(root, "data"),
                   binary = Path::of(root, "binaryData");
  validate_metadata(map.metadata, meta, faults);
  const std::size_t bytes =
      keys(map.data, data, map.binaryData, "duplicate of key present in binaryData", faults) +
      keys(map.binaryData, binary, map.data, "duplicate of key present in data", faults);
  if (bytes > kMaxConfigBytes) faults.too_long(map.data.empty() ? binary : data, kMaxConfigBytes);
  return out;
}

Faults validate_config_map_update(const ConfigMap& live, const ConfigMap& wanted) {
  Faults out;
  FaultList faults(out);
  if (!live.immutable.value_or(false)) return out;
  const Path root;
  if (!wanted.immutable.value_or(false)) faults.forbidden(Path::of(root, "immutable"), kFixed);
  if (live.data != wanted.data) faults.forbidden(Path::of(root, "data"), kFixed);
  if (live.binaryData != wanted.binaryData) faults.forbidden(Path::of(root, "binaryData"), kFixed);
  return out;
}

Faults validate_secret(const Secret& secret) {
  Faults out;
  FaultList faults(out);
  const Path root, meta = Path::of(root, "metadata"), data = Path::of(root, "data"),
                   text = Path::of(root, "stringData");
  validate_metadata(secret.metadata, meta, faults);
  std::size_t bytes = keys(secret.stringData, text, secret.data, "", faults) +
                      keys(secret.data, data, secret.stringData, "", faults);
  for (const auto& [key, replaced] : secret.data) {
    if (secret.stringData.contains(key)) bytes -= replaced.data.size();
  }
  if (bytes > kMaxConfigBytes) faults.too_long(secret.data.empty() ? text : data, kMaxConfigBytes);
  contents_of_type(secret, meta, data, faults);
  return out;
}

Faults validate_secret_update(const Secret& live, const Secret& wanted) {
  Faults out;
  FaultList faults(out);
  const Path root;
  if (live.type != wanted.type)
    faults.invalid(Path::of(root, "type"), wanted.type, "field is immutable");
  if (!live.immutable.value_or(false)) return out;
  if (!wanted.immutable.value_or(false)) faults.forbidden(Path::of(root, "immutable"), kFixed);
  if (live.data != wanted.data) faults.forbidden(Path::of(root, "data"), kFixed);
  return out;
}

}  // namespace podctl::api
