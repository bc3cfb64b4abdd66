#include "api/prose.hpp"

namespace podctl::api {

std::string_view prose(std::string_view type, std::string_view field) {
  // Both kinds of container have the same fields, and one its own.
  if (type == "EphemeralContainer" && field != "targetContainerName") type = "Container";
  std::string_view general;
  for (auto part : {prose_of_spec(), prose_of_containers(), prose_of_volumes(), prose_of_status(),
                    prose_of_config()}) {
    for (const Prose& p : part) {
      if (p.field != field) continue;
      if (p.type == type) return p.text;
      if (p.type == "*") general = p.text;
    }
  }
  return general;
}

}  // namespace podctl::api
