// Why the API says no: the data of a Kubernetes Status object. Made by node (admission, updates),
// turned into JSON by server. It never carries more than what a client may see.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::node {

struct Cause {
  std::string reason;  // "FieldValueInvalid", "FieldValueRequired", …
  std::string message;
  std::string field;  // "spec.containers[0].image"
};

struct Refusal {
  int http = 500;
  std::string reason;  // "NotFound", "AlreadyExists", "Invalid", …
  std::string message;
  std::string kind,
      name;  // of the object; for not found and conflicts `kind` is the resource ("pods")
  std::vector<Cause> causes;
};

template <class T>
using Answer = tl::expected<T, Refusal>;
using Refused = tl::unexpected<Refusal>;

// Kubernetes' wording of each, `resource` being the lower-case plural.
Refusal not_found(std::string_view resource, std::string_view name);
Refusal already_exists(std::string_view resource, std::string_view name);
Refusal conflict(std::string_view resource, std::string_view name, std::string_view why = {});
Refusal bad_request(std::string message);
Refusal invalid(std::string_view kind, std::string_view name, std::vector<Cause> causes);
Refusal expired(std::string message);
// Any other error: its code decides the HTTP code.
Refusal refusal_from(const Error& error);

}  // namespace podctl::node
