#include "podctl/api/three_way.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <iterator>
#include <utility>

namespace podctl::api {
namespace {

namespace json = boost::json;

const json::value kNothing;
constexpr std::string_view kSet = "finalizers";  // the one list of core/v1 that is merged as a set

const json::value& member(const json::value& object, std::string_view name) {
  const auto* found = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return found == nullptr ? kNothing : *found;
}

const json::value* find_by(const json::value& list, std::string_view key,
                           const json::value& wanted) {
  if (!list.is_array()) return nullptr;
  for (const auto& element : list.get_array()) {
    if (member(element, key) == wanted) return &element;
  }
  return nullptr;
}

// Every element has the key, and no two the same: else it tells nothing apart.
bool told_apart(const json::value& list, std::string_view key) {
  if (!list.is_array()) return list.is_null();
  const auto& elements = list.get_array();
  for (auto at = elements.begin(); at != elements.end(); ++at) {
    const auto& value = member(*at, key);
    if (value.is_null()) return false;
    const bool again = std::any_of(
        elements.begin(), at, [&](const auto& before) { return member(before, key) == value; });
    if (again) return false;
  }
  return true;
}

json::value merge_list(std::string_view key, const json::value& last, const json::value& wanted,
                       const json::value& live) {
  json::array merged;
  for (const auto& element : wanted.get_array()) {
    const auto& name = member(element, key);
    const auto *before = find_by(last, key, name), *now = find_by(live, key, name);
    merged.push_back(now == nullptr
                         ? element
                         : three_way(before == nullptr ? kNothing : *before, element, *now));
  }
  if (!live.is_array()) return merged;
  for (const auto& element : live.get_array()) {
    const auto& name = member(element, key);
    if (find_by(wanted, key, name) == nullptr && find_by(last, key, name) == nullptr)
      merged.push_back(element);
  }
  return merged;
}

// What says null sets nothing.
json::value without_nulls(const json::value& wanted) {
  if (!wanted.is_object()) return wanted;
  json::object out;
  for (const auto& [name, value] : wanted.get_object()) {
    if (!value.is_null()) out[name] = without_nulls(value);
  }
  return out;
}

bool has(const json::value& list, const json::value& wanted) {
  return list.is_array() && std::ranges::find(list.get_array(), wanted) != list.get_array().end();
}

// Of plain values: what others have added stays.
json::value merge_set(const json::value& last, const json::value& wanted, const json::value& live) {
  json::array merged;
  if (live.is_array()) {
    std::ranges::copy_if(live.get_array(), std::back_inserter(merged),
                         [&](const auto& v) { return has(wanted, v) || !has(last, v); });
  }
  if (!wanted.is_array()) return merged;
  std::ranges::copy_if(wanted.get_array(), std::back_inserter(merged),
                       [&](const auto& v) { return !has(live, v); });
  return merged;
}

json::value merge_member(std::string_view name, const json::value& last, const json::value& wanted,
                         json::value live) {
  if (wanted.is_object() && live.is_object()) return three_way(last, wanted, std::move(live));
  if (name == kSet && wanted.is_array()) return merge_set(last, wanted, live);
  const auto key = merge_key(name);
  const bool by_key = wanted.is_array() && !key.empty() && told_apart(wanted, key) &&
                      told_apart(live, key) && told_apart(last, key);
  return by_key ? merge_list(key, last, wanted, live) : without_nulls(wanted);
}

}  // namespace

// By the list's name, which is enough within a Pod.
std::string_view merge_key(std::string_view list) {
  static constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
      {"containers", "name"},
      {"initContainers", "name"},
      {"ephemeralContainers", "name"},
      {"volumes", "name"},
      {"env", "name"},
      {"imagePullSecrets", "name"},
      {"schedulingGates", "name"},
      {"resourceClaims", "name"},
      {"ports", "containerPort"},
      {"volumeMounts", "mountPath"},
      {"volumeDevices", "devicePath"},
      {"hostAliases", "ip"},
      {"conditions", "type"},
      {"topologySpreadConstraints", "topologyKey"},
      {"ownerReferences", "uid"}};
  for (const auto& [name, key] : kKeys) {
    if (name == list) return key;
  }
  return {};
}

json::value three_way(const json::value& last, const json::value& wanted, json::value live) {
  if (!wanted.is_object() || !live.is_object()) return wanted;
  auto& merged = live.get_object();
  for (const auto& [name, value] : wanted.get_object()) {
    if (value.is_null()) {
      merged.erase(name);
      continue;
    }
    json::value& there = merged[name];
    there = merge_member(name, member(last, name), value, std::move(there));
  }
  if (!last.is_object()) return live;
  for (const auto& [name, value] : last.get_object()) {
    if (wanted.get_object().contains(name)) continue;
    auto* there = merged.if_contains(name);
    if (there != nullptr && there->is_array() && name == kSet)
      *there = merge_set(value, kNothing, *there);
    else
      merged.erase(name);
  }
  return live;
}

}  // namespace podctl::api
