// JSON patch: add, remove, replace, move, copy and test by JSON pointer (RFC 6902, RFC 6901).
#include <algorithm>

#include "patch.hpp"
#include "podctl/base/text.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;
using Done = node::Answer<void>;
using Pointer = std::vector<std::string>;

// As the Kubernetes API server: copies of copies would grow without bound.
constexpr std::size_t kMaxOperations = 10000, kMaxCopied = 3U << 20;
// As deep as a body may be nested: what walks the object recurses.
constexpr std::size_t kMaxDepth = 100;

bool deeper_than(const json::value& value, std::size_t levels) {
  const auto inner = [levels](const json::value& item) {
    return levels == 0 || deeper_than(item, levels - 1);
  };
  if (const auto* list = value.if_array()) return std::any_of(list->begin(), list->end(), inner);
  const auto* object = value.if_object();
  return object != nullptr &&
         std::any_of(object->begin(), object->end(),
                     [&inner](const auto& member) { return inner(member.value()); });
}

// Whether the value is too deep for that place.
bool too_deep(const Pointer& at, const json::value& value) {
  return at.size() > kMaxDepth || deeper_than(value, kMaxDepth - at.size());
}

node::Refused unfit(std::string why) {
  return node::Refused(node::Refusal{422, "Invalid", std::move(why), {}, {}, {}});
}

node::Answer<Pointer> parse_pointer(std::string_view text) {
  Pointer pointer;
  if (text.empty()) return pointer;
  if (text[0] != '/') return unfit("\"" + std::string(text) + "\" is no JSON pointer");
  for (const auto part : text::split(text.substr(1), '/')) {
    std::string token;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        token += part[i];
      } else if (i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
        token += part[++i] == '0' ? '~' : '/';
      } else {
        return unfit("\"" + std::string(text) + "\" is no JSON pointer");
      }
    }
    pointer.push_back(std::move(token));
  }
  return pointer;
}

// An index into `list`; `end`: "-" and one past the last too.
std::optional<std::size_t> index_in(const json::array& list, const std::string& token, bool end) {
  if (end && token == "-") return list.size();
  const auto index = text::parse_u64(token);
  if (!index || *index >= list.size() + (end ? 1 : 0)) return std::nullopt;
  return static_cast<std::size_t>(*index);
}

json::value* child(json::value& value, const std::string& token) {
  if (auto* object = value.if_object()) return object->if_contains(token);
  auto* list = value.if_array();
  const auto index = list == nullptr ? std::nullopt : index_in(*list, token, false);
  return index ? &(*list)[*index] : nullptr;
}

json::value* find(json::value& root, const Pointer& pointer, std::size_t depth) {
  json::value* at = &root;
  for (std::size_t i = 0; i < depth && at != nullptr; ++i) at = child(*at, pointer[i]);
  return at;
}

bool add(json::value& root, const Pointer& pointer, json::value value) {
  if (pointer.empty()) {
    root = std::move(value);
    return true;
  }
  json::value* parent = find(root, pointer, pointer.size() - 1);
  if (parent == nullptr) return false;
  if (auto* object = parent->if_object()) {
    (*object)[pointer.back()] = std::move(value);
    return true;
  }
  auto* list = parent->if_array();
  const auto index = list == nullptr ? std::nullopt : index_in(*list, pointer.back(), true);
  if (!index) return false;
  list->insert(list->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return true;
}

bool remove(json::value& root, const Pointer& pointer) {
  if (pointer.empty()) return false;
  json::value* parent = find(root, pointer, pointer.size() - 1);
  if (parent == nullptr || child(*parent, pointer.back()) == nullptr) return false;
  if (auto* object = parent->if_object()) {
    object->erase(pointer.back());
  } else {
    auto& list = parent->get_array();
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(*index_in(list, pointer.back(), false)));
  }
  return true;
}

bool move(json::value& root, const Pointer& from, const Pointer& to) {
  const bool into_itself =
      to.size() > from.size() && std::equal(from.begin(), from.end(), to.begin());
  json::value* source = into_itself ? nullptr : find(root, from, from.size());
  if (source == nullptr) return false;
  json::value value = *source;
  return from == to || (remove(root, from) && add(root, to, std::move(value)));
}

std::string text_at(const json::object& operation, std::string_view name) {
  const auto* value = operation.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Done too_large(const std::string& what, std::size_t limit) {
  return node::Refused(
      node::Refusal{413,
                    "RequestEntityTooLarge",
                    "The allowed maximum " + what + " in a JSON patch is " + std::to_string(limit),
                    {},
                    {},
                    {}});
}

Done apply(json::value& root, const json::object& operation, std::size_t& copied) {
  const std::string op = text_at(operation, "op");
  const auto path = parse_pointer(text_at(operation, "path"));
  if (!path) return node::Refused(path.error());
  const auto from = parse_pointer(text_at(operation, "from"));
  if (!from) return node::Refused(from.error());
  const auto* value = operation.if_contains("value");
  const bool needs_value = op == "add" || op == "replace" || op == "test";
  if (!operation.contains("path") || (needs_value && value == nullptr)) {
    return unfit("a JSON patch operation lacks its path or value: " + json::serialize(operation));
  }
  json::value* present = find(root, *path, path->size());
  json::value* source = find(root, *from, from->size());
  const bool takes = op == "move" || op == "copy";
  const json::value* put = takes ? source : needs_value ? value : nullptr;
  if (put != nullptr && too_deep(*path, *put))
    return too_large("depth of what is put in", kMaxDepth);
  bool done = false;
  if (op == "add") {
    done = add(root, *path, *value);
  } else if (op == "remove") {
    done = remove(root, *path);
  } else if (op == "replace") {
    done = present != nullptr;
    if (done) *present = *value;
  } else if (op == "test") {
    done = present != nullptr && *present == *value;
  } else if (op == "move") {
    done = move(root, *from, *path);
  } else if (op == "copy") {
    if (source != nullptr) copied += json::serialize(*source).size();
    if (copied > kMaxCopied) return too_large("size of copies", kMaxCopied);
    done = source != nullptr && add(root, *path, json::value(*source));
  } else {
    return unfit("unknown JSON patch operation \"" + op + "\"");
  }
  if (done) return {};
  return unfit("the JSON patch does not fit the object: " + json::serialize(operation));
}

}  // namespace

node::Answer<json::value> json_patch(json::value object, const json::value& operations) {
  if (!operations.is_array())
    return node::Refused(node::bad_request("a JSON patch must be a list of operations"));
  const auto& list = operations.get_array();
  if (list.size() > kMaxOperations)
    return node::Refused(too_large("operations", kMaxOperations).error());
  std::size_t copied = 0;
  for (const auto& operation : list) {
    if (!operation.is_object())
      return node::Refused(node::bad_request("a JSON patch operation must be an object"));
    if (auto done = apply(object, operation.get_object(), copied); !done)
      return node::Refused(done.error());
  }
  return object;
}

}  // namespace podctl::server
