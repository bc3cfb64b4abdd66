// PATCH of the one node: what `kubectl label` and `annotate` change of it. All else of the object
// is what the machine is.
#include <boost/json.hpp>

#include "handlers.hpp"
#include "patch.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/validate.hpp"
#include "podctl/node/admission.hpp"
#include "podctl/node/machine.hpp"
#include "request_options.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

// The object without the two maps.
json::value rest_of(json::value object) {
  auto& metadata = object.as_object()["metadata"].as_object();
  metadata.erase("labels");
  metadata.erase("annotations");
  return object;
}

// The first of the labels that are the machine's own and would be others; empty: none.
std::string own_label(const api::ObjectMeta& wanted, const api::Node& object) {
  for (const auto& [key, value] : node::node_labels(object.metadata.name, {})) {
    const auto there = wanted.labels.find(key);
    if (there == wanted.labels.end() || there->second != value) return key;
  }
  return {};
}

// The node's metadata after the patch.
node::Answer<api::ObjectMeta> patched(const Request& request, const api::Node& object) {
  const auto before = json::parse(api::to_json(object));
  auto after = apply_patch(request.content_type, request.body, before);
  if (!after) return node::Refused(after.error());
  if (!after->is_object() || !after->as_object()["metadata"].is_object())
    return node::Refused(node::bad_request("the patch leaves no object"));
  const auto text = json::serialize(*after);
  api::Node wanted;
  if (const auto faults = api::decode_json(text, wanted); !faults.empty())
    return node::Refused(node::bad_request(faults[0].field + ": " + faults[0].text));
  const auto& version = wanted.metadata.resourceVersion;
  if (!version.empty() && version != object.metadata.resourceVersion)
    return node::Refused(node::conflict("nodes", object.metadata.name));
  if (rest_of(*after) != rest_of(before)) {
    return node::Refused(node::invalid(
        "Node", object.metadata.name,
        {{"FieldValueForbidden",
          "Forbidden: of this node, which is the machine itself, only labels and annotations may "
          "be changed",
          "spec"}}));
  }
  if (auto own = own_label(wanted.metadata, object); !own.empty()) {
    return node::Refused(node::invalid(
        "Node", object.metadata.name,
        {{"FieldValueForbidden", "Forbidden: it says what the machine is, and cannot be changed",
          "metadata.labels[" + own + "]"}}));
  }
  if (auto causes = node::to_causes(api::validate_marks(wanted.metadata)); !causes.empty())
    return node::Refused(node::invalid("Node", object.metadata.name, std::move(causes)));
  return std::move(wanted.metadata);
}

}  // namespace

void patch_node(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& request = exchange->request();
  auto object = node.object();
  if (route.name != object.metadata.name)
    return exchange->refuse(node::not_found("nodes", route.name));
  const auto dry = dry_run(request);
  if (!dry) return exchange->refuse(dry.error());
  auto meta = patched(request, object);
  if (!meta) return exchange->refuse(meta.error());
  object.metadata.labels = meta->labels;
  object.metadata.annotations = meta->annotations;
  if (*dry) return exchange->reply({200, api::to_json(object) + "\n"});
  if (auto done = node.mark({std::move(meta->labels), std::move(meta->annotations)}); !done)
    return exchange->refuse(node::refusal_from(done.error()));
  exchange->reply({200, api::to_json(node.object()) + "\n"});
}

}  // namespace podctl::server
