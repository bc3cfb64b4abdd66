// Strategic merge patch: lists of a Pod whose elements have a merge key are merged by it, other
// lists are replaced; $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList direct it.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
#include <algorithm>

#include "patch.hpp"
#include "podctl/api/three_way.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;
using Done = node::Answer<void>;

constexpr std::string_view kOrder = "$setElementOrder/", kDrop = "$deleteFromPrimitiveList/";

node::Refused refuse(std::string why) { return node::Refused(node::bad_request(std::move(why))); }

std::string_view directive(const json::value& value) {
  const auto* object = value.if_object();
  const auto* found = object == nullptr ? nullptr : object->if_contains("$patch");
  const auto* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

json::array& list_in(json::object& object, std::string_view name) {
  auto& value = object[name];
  if (!value.is_array()) value = json::array();
  return value.get_array();
}

json::value* find_by(json::array& list, std::string_view key, const json::value& wanted) {
  for (auto& element : list) {
    const auto* object = element.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(key);
    if (value != nullptr && *value == wanted) return &element;
  }
  return nullptr;
}

Done merge_object(json::value& target, const json::value& patch);

Done merge_element(json::array& list, std::string_view key, const json::value& patch) {
  const auto* object = patch.if_object();
  const auto* identity = object == nullptr ? nullptr : object->if_contains(key);
  if (identity == nullptr) {
    return refuse("map: " + json::serialize(patch) +
                  " does not contain declared merge key: " + std::string(key));
  }
  auto* present = find_by(list, key, *identity);
  if (directive(patch) == "delete") {
    if (present != nullptr) list.erase(list.begin() + (present - list.data()));
    return {};
  }
  if (present == nullptr) present = &list.emplace_back(json::object());
  return merge_object(*present, patch);
}

Done merge_list(json::object& target, std::string_view name, const json::array& patch) {
  auto& list = list_in(target, name);
  if (name == "finalizers") {
    for (const auto& value : patch) {
      if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
    }
    return {};
  }
  const auto key = api::merge_key(name);
  const bool replaced = std::any_of(patch.begin(), patch.end(), [](const json::value& element) {
    return directive(element) == "replace";
  });
  if (key.empty() || replaced) list.clear();
  for (const auto& element : patch) {
    if (directive(element) == "replace") continue;
    if (key.empty()) {
      list.push_back(element);
    } else if (auto done = merge_element(list, key, element); !done) {
      return done;
    }
  }
  return {};
}

// The elements that are named take each other's places in the order named; the rest stay.
void order_list(json::object& target, std::string_view name, const json::array& order) {
  auto* found = target.if_contains(name);
  if (found == nullptr || !found->is_array()) return;
  auto& list = found->get_array();
  const auto key = api::merge_key(name);
  const auto rank = [&](const json::value& element) {
    return std::find_if(order.begin(), order.end(), [&](const json::value& wanted) {
      if (key.empty() || !wanted.is_object() || !element.is_object()) return wanted == element;
      const auto* a = wanted.get_object().if_contains(key);
      const auto* b = element.get_object().if_contains(key);
      return a != nullptr && b != nullptr && *a == *b;
    });
  };
  std::vector<json::value> named;
  for (const auto& element : list) {
    if (rank(element) != order.end()) named.push_back(element);
  }
  std::stable_sort(named.begin(), named.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  auto next = named.begin();
  for (auto& element : list) {
    if (rank(element) != order.end()) element = *next++;
  }
}

void retain_keys(json::object& target, const json::array& keys) {
  for (auto it = target.begin(); it != target.end();) {
    it = std::find(keys.begin(), keys.end(), json::value(it->key())) == keys.end()
             ? target.erase(it)
             : std::next(it);
  }
}

Done merge_member(json::object& target, std::string_view name, const json::value& patch) {
  if (patch.is_null() || directive(patch) == "delete") {
    target.erase(name);
    return {};
  }
  if (patch.is_object()) return merge_object(target[name], patch);
  if (patch.is_array()) return merge_list(target, name, patch.get_array());
  target[name] = patch;
  return {};
}

Done merge_directive(json::object& target, std::string_view name, const json::value& value) {
  if (name == "$patch") {
    if (value == "replace" || value == "merge") return {};
    return refuse("Unknown patch type found: " + json::serialize(value));
  }
  if (!value.is_array()) return refuse(std::string(name) + " must be a list");
  const auto& list = value.get_array();
  if (name == "$retainKeys") {
    retain_keys(target, list);
  } else if (name.starts_with(kDrop)) {
    auto& from = list_in(target, name.substr(kDrop.size()));
    for (const auto& gone : list)
      from.erase(std::remove(from.begin(), from.end(), gone), from.end());
  } else if (name.starts_with(kOrder)) {
    order_list(target, name.substr(kOrder.size()), list);
  } else {
    return refuse("unknown directive " + std::string(name));
  }
  return {};
}

Done merge_object(json::value& target, const json::value& patch) {
  if (!target.is_object() || directive(patch) == "replace") target = json::object();
  auto& object = target.get_object();
  const auto& members = patch.get_object();
  // First what removes, then what brings, then what orders.
  for (const auto& [name, value] : members) {
    if (name.empty() || name[0] != '$' || name.starts_with(kOrder)) continue;
    if (auto done = merge_directive(object, name, value); !done) return done;
  }
  for (const auto& [name, value] : members) {
    if (!name.empty() && name[0] == '$') continue;
    if (auto done = merge_member(object, name, value); !done) return done;
  }
  for (const auto& [name, value] : members) {
    if (!name.starts_with(kOrder)) continue;
    if (auto done = merge_directive(object, name, value); !done) return done;
  }
  return {};
}

}  // namespace

node::Answer<json::value> strategic_merge(json::value object, const json::value& patch) {
  if (auto done = merge_object(object, patch); !done) return node::Refused(done.error());
  return object;
}

}  // namespace podctl::server
