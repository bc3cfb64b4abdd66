// Opaque values: base64 bytes (Secret data) and JSON that podctl carries but does not read
// (managedFields).
//
// Used by the API types. Both keep their text as it came; an empty text is an absent field.
#pragma once

#include <string>

namespace podctl::api {

// Raw bytes; base64 on the wire.
struct Bytes {
  std::string data;
  bool empty() const { return data.empty(); }
  bool operator==(const Bytes&) const = default;
};

// A JSON value as serialised text.
struct RawJson {
  std::string text;
  bool empty() const { return text.empty(); }
  bool operator==(const RawJson&) const = default;
};

}  // namespace podctl::api
