// podctl's own reports: sandbox, trace, doctor; and the reset of everything.
#include <boost/json.hpp>

#include "handlers.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/node/doctor.hpp"
#include "podctl/node/sandbox_report.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

node::PodWorker* require_worker(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_pod(node, exchange, route);
  if (record == nullptr) return nullptr;
  auto* worker = node.worker(record->object->metadata.uid);
  if (worker == nullptr) exchange->refuse(node::not_found("pods", route.name));
  return worker;
}

}  // namespace

void report_sandbox(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  auto* worker = require_worker(node, exchange, route);
  if (worker == nullptr) return;
  node::report_sandbox(node.context(), *worker, true, [exchange](const std::string& text) {
    exchange->reply({200, text + "\n"});
  });
}

void report_sandboxes(node::Node& node, const ExchangePtr& exchange) {
  std::string items;
  for (const auto& [key, record] : node.objects().pods()) {
    const auto* worker = node.worker(record.object->metadata.uid);
    if (worker == nullptr) continue;
    node::report_sandbox(node.context(), *worker, false, [&items](const std::string& text) {
      items += (items.empty() ? "" : ",") + text;
    });
  }
  exchange->reply({200, "{\"items\":[" + items + "]}\n"});
}

void report_trace(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* worker = require_worker(node, exchange, route);
  if (worker != nullptr) exchange->reply({200, node::report_trace(*worker) + "\n"});
}

void report_doctor(node::Node& node, const ExchangePtr& exchange) {
  const auto& context = node.context();
  context.offload.run([exchange, shim = context.engine.helper("podctl-shim"),
                       lib = context.layout.lib()]() -> std::function<void()> {
    json::array items;
    for (const auto& finding : node::examine_machine(shim, lib)) {
      items.push_back({{"name", finding.name},
                       {"status", finding.status},
                       {"detail", finding.detail},
                       {"remedy", finding.remedy}});
    }
    return [exchange, text = json::serialize(json::object{{"items", std::move(items)}})] {
      exchange->reply({200, text + "\n"});
    };
  });
}

void reset_system(node::Node& node, const ExchangePtr& exchange,
                  const std::function<void(bool reset)>& end) {
  node.reset([exchange, end](Result<void> done) {
    if (done) {
      exchange->reply({200, success_json({}, {}, {})});
    } else {
      exchange->refuse(done.error());
    }
    // Of a root that is half removed the next podctld finds out what there still is.
    end(done.has_value());
  });
}

}  // namespace podctl::server
