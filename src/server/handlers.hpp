// The handlers of the API, by subject; api.cpp calls them by route. Each answers its exchange, now
// or later.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "podctl/node/node.hpp"
#include "podctl/server/api.hpp"

namespace podctl::server {

using ExchangePtr = std::shared_ptr<Exchange>;

void answer_discovery(const ExchangePtr& exchange, const Route& route);
void answer_namespaces(node::Node& node, const ExchangePtr& exchange, const Route& route);
void answer_nodes(node::Node& node, const ExchangePtr& exchange, const Route& route);
void patch_node(node::Node& node, const ExchangePtr& exchange, const Route& route);

void list_pods(node::Node& node, const ExchangePtr& exchange, const Route& route);
// Of kinds that are only kept: a collection, one object.
void handle_kept_list(node::Node& node, const ExchangePtr& exchange, const Route& route);
void handle_kept(node::Node& node, const ExchangePtr& exchange, const Route& route);
void list_kept(node::Node& node, const ExchangePtr& exchange, const Route& route);
// Removes one by one what a deletion of a collection chooses, and answers with the list of it.
void delete_collection(node::Node& node, const ExchangePtr& exchange, const Route& route,
                       const std::function<void(const std::string& name)>& remove);
void list_events(node::Node& node, const ExchangePtr& exchange, const Route& route);
void get_pod(node::Node& node, const ExchangePtr& exchange, const Route& route);
void get_event(node::Node& node, const ExchangePtr& exchange, const Route& route);
void create_pod(node::Node& node, const ExchangePtr& exchange, const Route& route);
void replace_pod(node::Node& node, const ExchangePtr& exchange, const Route& route);
void patch_pod(node::Node& node, const ExchangePtr& exchange, const Route& route);
void delete_pod(node::Node& node, const ExchangePtr& exchange, const Route& route);
void delete_pods(node::Node& node, const ExchangePtr& exchange, const Route& route);

void stream_log(node::Node& node, const ExchangePtr& exchange, const Route& route);
void start_exec(node::Node& node, const ExchangePtr& exchange, const Route& route);
void start_attach(node::Node& node, const ExchangePtr& exchange, const Route& route);
void start_port_forward(node::Node& node, const ExchangePtr& exchange, const Route& route);
void start_copy(node::Node& node, const ExchangePtr& exchange, const Route& route);

void handle_images(node::Node& node, const ExchangePtr& exchange);
void inspect_image(node::Node& node, const ExchangePtr& exchange);

void answer_pod_metrics(node::Node& node, const ExchangePtr& exchange, const Route& route);
void answer_node_metrics(node::Node& node, const ExchangePtr& exchange, const Route& route);

void report_sandbox(node::Node& node, const ExchangePtr& exchange, const Route& route);
void report_sandboxes(node::Node& node, const ExchangePtr& exchange);
void report_trace(node::Node& node, const ExchangePtr& exchange, const Route& route);
void report_doctor(node::Node& node, const ExchangePtr& exchange);
void reset_system(node::Node& node, const ExchangePtr& exchange,
                  const std::function<void(bool reset)>& end);

// 405 with Kubernetes' words.
void refuse_method(const ExchangePtr& exchange);
// The pod of a route; answers 404 and yields null when there is none.
const node::PodRecord* require_pod(node::Node& node, const ExchangePtr& exchange,
                                   const Route& route);

}  // namespace podctl::server
