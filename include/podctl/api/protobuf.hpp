// Kubernetes' protobuf form of objects, as far as clients send it: kubectl creates ConfigMaps and
// Secrets so since 1.32. Used by podctld for the bodies of requests. Pure.
//
// The envelope is that of apimachinery's runtime/serializer/protobuf, the numbers of fields are
// those of generated.proto beside the types (k8s.io/api/core/v1, apimachinery meta/v1).
#pragma once

#include <string>
#include <string_view>

#include "podctl/api/table.hpp"
#include "podctl/base/error.hpp"

namespace podctl::api {

// Whether objects of the type can be read.
bool has_protobuf(const Type& type);

// The object as JSON, with its apiVersion and kind. What only the server sets (times,
// managedFields) is left out, unknown fields too. kCorrupt for what is no such object.
Result<std::string> protobuf_to_json(const Type& type, std::string_view body);

}  // namespace podctl::api
