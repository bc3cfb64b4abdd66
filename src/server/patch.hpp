// PATCH bodies applied to an object as JSON: merge patch (RFC 7386), JSON patch (RFC 6902), and
// Kubernetes' strategic merge patch for a Pod. Pure; private to server.
// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "podctl/node/refusal.hpp"

namespace podctl::server {

// The patched object. 415 for another media type, 400 for a patch that is none, 422 for one that
// does not fit the object.
node::Answer<boost::json::value> apply_patch(std::string_view content_type, std::string_view patch,
                                             boost::json::value object);

// The two longer ones; apply_patch calls them.
node::Answer<boost::json::value> strategic_merge(boost::json::value object,
                                                 const boost::json::value& patch);
node::Answer<boost::json::value> json_patch(boost::json::value object,
                                            const boost::json::value& operations);

}  // namespace podctl::server
