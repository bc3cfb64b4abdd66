// What a gRPC server sends, frame by frame, for the tests of the probe: HTTP/2 (RFC 9113), its
// headers as literals that nothing indexes (RFC 7541, 6.2.2). All on stream 1.
#pragma once

#include <string>

namespace podctl::probe {

inline std::string h2_frame(char type, char flags, const std::string& payload, char stream = 1) {
  std::string head;
  for (const int shift : {16, 8, 0}) head += static_cast<char>(payload.size() >> shift);
  return head + type + flags + std::string(3, '\0') + stream + payload;
}

inline std::string h2_settings() { return h2_frame(4, 0, "", 0) + h2_frame(4, 1, "", 0); }

inline std::string h2_header(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + name +
         static_cast<char>(value.size()) + value;
}

// :status 200 (of the static table) and the content type.
inline std::string h2_response_head() {
  return h2_frame(1, 4, "\x88" + h2_header("content-type", "application/grpc"));
}

inline std::string h2_data(const std::string& bytes) { return h2_frame(0, 0, bytes); }

inline std::string h2_trailers(const std::string& status, const std::string& message) {
  return h2_frame(1, 5, h2_header("grpc-status", status) + h2_header("grpc-message", message));
}

// Head and trailers in one.
inline std::string h2_refusal(const std::string& status, const std::string& message) {
  return h2_frame(1, 5, "\x88" + h2_header("content-type", "application/grpc") +
                            h2_header("grpc-status", status) +
                            h2_header("grpc-message", message));
}

inline std::string grpc_health_answer(char status) {
  return h2_settings() + h2_response_head() +
         h2_data(std::string("\0\0\0\0\x02\x08", 6) + status) + h2_trailers("0", "");
}

}  // namespace podctl::probe
