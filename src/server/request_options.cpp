#include "request_options.hpp"

#include "podctl/api/decode.hpp"
#include "podctl/base/text.hpp"

namespace podctl::server {
namespace {

// The options' own name in apimachinery's refusals, by the verb.
std::string options_kind(std::string_view method) {
  const std::string_view verb = method == "POST"    ? "Create"
                                : method == "PUT"   ? "Update"
                                : method == "PATCH" ? "Patch"
                                                    : "Delete";
  return std::string(verb) + "Options.meta.k8s.io";
}

node::Refused unsupported(std::string_view method, const std::string& field,
                          const std::string& value, const std::string& supported) {
  return node::Refused(node::invalid(
      options_kind(method), "",
      {{"FieldValueNotSupported",
        "Unsupported value: \"" + value + "\": supported values: " + supported, field}}));
}

node::Answer<bool> dry_run(std::string_view method, const std::vector<std::string>& wanted) {
  for (const auto& word : wanted) {
    if (word != "All") return unsupported(method, "dryRun", word, "\"All\"");
  }
  return !wanted.empty();
}

}  // namespace

bool is_yaml(const Request& request) {
  return request.content_type.find("yaml") != std::string::npos;
}

bool is_protobuf(const Request& request) {
  return request.content_type.starts_with("application/vnd.kubernetes.protobuf");
}

std::optional<node::Refusal> unknown_form(const Request& request) {
  if (!is_protobuf(request) && request.content_type != "application/cbor") return std::nullopt;
  return node::Refusal{415,
                       "UnsupportedMediaType",
                       "the body of the request was in an unknown format - accepted media types "
                       "include: application/json, application/yaml",
                       {},
                       {},
                       {}};
}

node::Answer<bool> dry_run(const Request& request) {
  const auto word = request.target.query.get_or("dryRun", "");
  return word.empty() ? node::Answer<bool>(false) : dry_run(request.method, {word});
}

node::Answer<node::FieldValidation> field_validation(const Request& request) {
  const auto& query = request.target.query;
  const auto mode = query.get_or("fieldValidation", "Strict");
  if (mode == "Strict") return node::FieldValidation::kStrict;
  if (mode == "Warn") return node::FieldValidation::kWarn;
  if (mode == "Ignore") return node::FieldValidation::kIgnore;
  return unsupported(request.method, "fieldValidation", mode, R"("Ignore", "Strict", "Warn")");
}

node::Answer<node::DeleteRequest> delete_request(const Request& request) {
  node::DeleteRequest wanted;
  if (request.body.find_first_not_of(" \t\r\n") != std::string::npos) {
    api::DeleteOptions options;
    const auto faults = api::decode_json(request.body, options);
    if (!faults.empty())
      return node::Refused(
          node::bad_request("DeleteOptions: " + faults[0].field + ": " + faults[0].text));
    wanted.grace_seconds = options.gracePeriodSeconds;
    const auto dry = dry_run(request.method, options.dryRun);
    if (!dry) return node::Refused(dry.error());
    wanted.dry_run = *dry;
    if (options.preconditions) {
      wanted.uid = options.preconditions->uid;
      wanted.resource_version = options.preconditions->resourceVersion;
    }
  }
  if (const auto grace = request.target.query.get("gracePeriodSeconds")) {
    const auto seconds = text::parse_i64(*grace);
    if (!seconds)
      return node::Refused(
          node::bad_request("gracePeriodSeconds: \"" + *grace + "\" is no number"));
    wanted.grace_seconds = *seconds;
  }
  const auto dry = dry_run(request);
  if (!dry) return node::Refused(dry.error());
  wanted.dry_run = wanted.dry_run || *dry;
  return wanted;
}

}  // namespace podctl::server
