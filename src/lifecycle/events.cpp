#include "context.hpp"

namespace podctl::lifecycle {

std::string pod_text(const api::Pod& pod) {
  const auto& meta = pod.metadata;
  return meta.name + "_" + meta.namespace_ + "(" + meta.uid + ")";
}

std::string go_duration(std::uint64_t seconds) {
  const auto minutes = seconds / 60;
  auto text = std::to_string(seconds % 60) + "s";
  return minutes == 0 ? text : std::to_string(minutes) + "m" + text;
}

void pod_event(Context& c, bool warning, std::string_view reason, std::string message) {
  RecordEvent event;
  event.warning = warning;
  event.reason = reason;
  event.message = std::move(message);
  c.actions.emplace_back(std::move(event));
}

void container_event(Context& c, const Item& item, bool warning, std::string_view reason,
                     std::string message) {
  RecordEvent event;
  event.warning = warning;
  event.reason = reason;
  event.message = std::move(message);
  const char* list = item.ephemeral ? "spec.ephemeralContainers{"
                     : item.init    ? "spec.initContainers{"
                                    : "spec.containers{";
  event.field_path = list + item.spec->name + "}";
  c.actions.emplace_back(std::move(event));
}

void scheduler_event(Context& c, bool warning, std::string_view reason, std::string message) {
  RecordEvent event;
  event.warning = warning;
  event.reason = reason;
  event.message = std::move(message);
  event.component = "default-scheduler";
  c.actions.emplace_back(std::move(event));
}

}  // namespace podctl::lifecycle
