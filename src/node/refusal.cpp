#include "podctl/node/refusal.hpp"

#include <utility>

namespace podctl::node {
namespace {

std::string quoted(std::string_view resource, std::string_view name) {
  return std::string(resource) + " \"" + std::string(name) + "\"";
}

}  // namespace

Refusal not_found(std::string_view resource, std::string_view name) {
  return {404,
          "NotFound",
          quoted(resource, name) + " not found",
          std::string(resource),
          std::string(name),
          {}};
}

Refusal already_exists(std::string_view resource, std::string_view name) {
  return {409,
          "AlreadyExists",
          quoted(resource, name) + " already exists",
          std::string(resource),
          std::string(name),
          {}};
}

Refusal conflict(std::string_view resource, std::string_view name, std::string_view why) {
  std::string text = why.empty()
                         ? "the object has been modified; please apply your changes to the latest "
                           "version and try again"
                         : std::string(why);
  return {409,
          "Conflict",
          "Operation cannot be fulfilled on " + quoted(resource, name) + ": " + text,
          std::string(resource),
          std::string(name),
          {}};
}

Refusal bad_request(std::string message) {
  return {400, "BadRequest", std::move(message), {}, {}, {}};
}

// Several causes stand in brackets, as apimachinery's aggregate prints them.
Refusal invalid(std::string_view kind, std::string_view name, std::vector<Cause> causes) {
  std::string list;
  for (const auto& cause : causes) {
    if (!list.empty()) list += ", ";
    list += cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
  }
  if (causes.size() > 1) list = "[" + list + "]";
  return {422,
          "Invalid",
          quoted(kind, name) + " is invalid: " + list,
          std::string(kind),
          std::string(name),
          std::move(causes)};
}

Refusal expired(std::string message) { return {410, "Expired", std::move(message), {}, {}, {}}; }

Refusal refusal_from(const Error& error) {
  auto make = [&error](int http, const char* reason) {
    return Refusal{http, reason, error.message(), {}, {}, {}};
  };
  switch (error.code) {
    case Code::kInvalidArgument:
      return make(400, "BadRequest");
    case Code::kNotFound:
      return make(404, "NotFound");
    case Code::kAlreadyExists:
      return make(409, "AlreadyExists");
    case Code::kConflict:
      return make(409, "Conflict");
    case Code::kFailedPrecondition:
      return make(409, "Conflict");
    case Code::kPermissionDenied:
      return make(403, "Forbidden");
    case Code::kUnsupported:
      return make(422, "Invalid");
    case Code::kExhausted:
      return make(507, "InternalError");
    case Code::kUnavailable:
      return make(503, "ServiceUnavailable");
    case Code::kTimedOut:
      return make(504, "Timeout");
    case Code::kIo:
    case Code::kCorrupt:
    case Code::kCancelled:
    case Code::kInternal:
      return make(500, "InternalError");
  }
  return make(500, "InternalError");
}

}  // namespace podctl::node
