#include "patch.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

// RFC 7386.
void merge(json::value& target, const json::value& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = json::object();
  auto& object = target.get_object();
  for (const auto& [key, value] : patch.get_object()) {
    if (value.is_null()) {
      object.erase(key);
    } else {
      merge(object[key], value);
    }
  }
}

node::Refused unsupported_type() {
  return node::Refused(
      node::Refusal{415,
                    "UnsupportedMediaType",
                    "the body of the request was in an unknown format - accepted media types "
                    "include: application/json-patch+json, application/merge-patch+json, "
                    "application/strategic-merge-patch+json",
                    {},
                    {},
                    {}});
}

}  // namespace

node::Answer<json::value> apply_patch(std::string_view content_type, std::string_view patch,
                                      json::value object) {
  const auto type = content_type.substr(0, content_type.find_first_of("; "));
  const bool merges = type == "application/merge-patch+json";
  const bool strategic = type == "application/strategic-merge-patch+json";
  if (!merges && !strategic && type != "application/json-patch+json") return unsupported_type();
  boost::system::error_code error;
  const auto body = json::parse(patch, error);
  if (error) return node::Refused(node::bad_request("the patch is no JSON: " + error.message()));
  if (!merges && !strategic) return json_patch(std::move(object), body);
  if (!body.is_object()) return node::Refused(node::bad_request("the patch must be an object"));
  if (strategic) return strategic_merge(std::move(object), body);
  merge(object, body);
  return object;
}

}  // namespace podctl::server
