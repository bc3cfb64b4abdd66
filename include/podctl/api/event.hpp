// Events about objects.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_event.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "podctl/api/box.hpp"
#include "podctl/api/meta.hpp"
#include "podctl/api/time.hpp"

namespace podctl::api {

struct EventSource {
  std::string component;
  std::string host;
};

struct EventSeries {
  std::optional<std::int32_t> count;
  Time lastObservedTime;
};

struct Event {
  std::string kind;
  std::string apiVersion;
  ObjectMeta metadata;
  ObjectReference involvedObject;
  std::string reason;
  std::string message;
  Box<EventSource> source;
  Time firstTimestamp;
  Time lastTimestamp;
  std::optional<std::int32_t> count;
  std::string type;
  Time eventTime;
  Box<EventSeries> series;
  std::string action;
  Box<ObjectReference> related;
  std::string reportingComponent;
  std::string reportingInstance;
};

}  // namespace podctl::api
