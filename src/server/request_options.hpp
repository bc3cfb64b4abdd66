// What a request says beside its object: the form of its body, dryRun, fieldValidation, and the
// options of a deletion. Pure; private to server.
#pragma once

#include "podctl/node/admission.hpp"
#include "podctl/node/node.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

bool is_yaml(const Request& request);
bool is_protobuf(const Request& request);
// 415 for an object in protobuf or CBOR, as a client may send it that knows its type.
std::optional<node::Refusal> unknown_form(const Request& request);
// Anything but "All" is refused: what was meant as a trial must not be carried out.
node::Answer<bool> dry_run(const Request& request);
node::Answer<node::FieldValidation> field_validation(const Request& request);
// Of a DELETE's body and parameters.
node::Answer<node::DeleteRequest> delete_request(const Request& request);

}  // namespace podctl::server
