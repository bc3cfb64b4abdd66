#include "probe/grpc_exchange.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "podctl/base/text.hpp"
#include "probe/dial.hpp"

namespace podctl::probe {
namespace {

constexpr std::size_t kFrameHead = 5;   // compressed or not, four bytes of length
constexpr std::size_t kKept = 4 * 1024;  // of the answer; a health answer has seven bytes
constexpr std::string_view kOk = "0", kUnimplemented = "12";

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
constexpr std::array<std::string_view, 17> kCodes = {
    "OK",           "Canceled",          "Unknown",          "InvalidArgument",
    "DeadlineExceeded", "NotFound",      "AlreadyExists",    "PermissionDenied",
    "ResourceExhausted", "FailedPrecondition", "Aborted",    "OutOfRange",
    "Unimplemented", "Internal",         "Unavailable",      "DataLoss",
    "Unauthenticated"};

constexpr std::array<std::string_view, 4> kStatuses = {"UNKNOWN", "SERVING", "NOT_SERVING",
                                                       "SERVICE_UNKNOWN"};
constexpr std::uint64_t kServing = 1;

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
  return out + static_cast<char>(value);
}

// HealthCheckRequest {string service = 1}, in its frame.
std::string request_body(const std::string& service) {
  const auto message = service.empty() ? "" : "\x0a" + varint(service.size()) + service;
  std::string frame(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame += static_cast<char>(message.size() >> static_cast<unsigned>(shift));
  }
  return frame + message;
}

struct Reader {
  std::string_view rest;

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    return std::nullopt;
  }
  bool skip(std::uint64_t bytes) {
    if (bytes > rest.size()) return false;
    rest.remove_prefix(bytes);
    return true;
  }
  // What a field of that wire type holds.
  bool skip_field(std::uint64_t type) {
    if (type == 0) return varint().has_value();
    if (type == 1) return skip(8);
    if (type == 5) return skip(4);
    if (type != 2) return false;
    const auto length = varint();
    return length && skip(*length);
  }
};

// HealthCheckResponse {ServingStatus status = 1}; nothing when it is none.
std::optional<std::uint64_t> serving_status(std::string_view frame) {
  if (frame.size() < kFrameHead || frame[0] != 0) return std::nullopt;
  std::uint64_t length = 0;
  for (std::size_t i = 1; i < kFrameHead; ++i) {
    length = length << 8U | static_cast<unsigned char>(frame[i]);
  }
  if (length > frame.size() - kFrameHead) return std::nullopt;
  Reader reader{frame.substr(kFrameHead, length)};
  std::uint64_t status = 0;
  while (!reader.rest.empty()) {
    const auto tag = reader.varint();
    if (!tag) return std::nullopt;
    if (*tag != 8) {
      if (!reader.skip_field(*tag & 7U)) return std::nullopt;
      continue;
    }
    const auto value = reader.varint();
    if (!value) return std::nullopt;
    status = *value;
  }
  return status;
}

// grpc-message is percent-encoded.
std::string decoded(std::string_view text) {
  const auto digit = [](char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const auto high = escape ? digit(text[i + 1]) : std::string::npos;
    const auto low = escape ? digit(text[i + 2]) : std::string::npos;
    if (high == std::string::npos || low == std::string::npos) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // it copies them
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string seconds_text(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + "m";
}

Failure broken(int code) {
  return fail(Code::kCorrupt, "speak HTTP/2", "", nghttp2_strerror(code));
}

}  // namespace

struct GrpcExchange::State {
  ~State() { nghttp2_session_del(session); }

  nghttp2_session* session = nullptr;
  std::string request;
  std::size_t sent = 0;
  bool ended = false;
  std::uint32_t reset = NGHTTP2_NO_ERROR;
  std::string http_status, grpc_status, grpc_message, data;
  int failed = 0;  // the session could not even be made

  static State& of(void* user) { return *static_cast<State*>(user); }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) {
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") of(user).http_status = std::move(text);
    if (key == "grpc-status") of(user).grpc_status = std::move(text);
    if (key == "grpc-message") of(user).grpc_message = std::move(text);
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data,
                     std::size_t size, void* user) {
    auto& kept = of(user).data;
    kept.append(reinterpret_cast<const char*>(data), std::min(size, kKept - kept.size()));
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t error, void* user) {
    of(user).ended = true;
    of(user).reset = error;
    return 0;
  }
  static ssize_t on_read(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& state = of(user);
    const auto n = std::min(room, state.request.size() - state.sent);
    std::copy_n(state.request.data() + state.sent, n, reinterpret_cast<char*>(buffer));
    state.sent += n;
    if (state.sent == state.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }

  int open();
  int submit(const GrpcRequest& request);
};

int GrpcExchange::State::open() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (const int failed = nghttp2_session_callbacks_new(&callbacks); failed != 0) return failed;
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  const int made = nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  if (made != 0) return made;
  constexpr nghttp2_settings_entry kNoPush{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &kNoPush, 1);
}

int GrpcExchange::State::submit(const GrpcRequest& call) {
  request = request_body(call.service);
  const auto authority = host_port(call.host, call.port);
  const auto bound = seconds_text(call.timeout);
  std::vector<nghttp2_nv> headers = {header(":method", "POST"),
                                     header(":scheme", "http"),
                                     header(":path", "/grpc.health.v1.Health/Check"),
                                     header(":authority", authority),
                                     header("te", "trailers"),
                                     header("content-type", "application/grpc"),
                                     header("user-agent", call.agent)};
  if (call.timeout.count() != 0) headers.push_back(header("grpc-timeout", bound));
  nghttp2_data_provider body{};
  body.read_callback = on_read;
  const auto stream =
      nghttp2_submit_request(session, nullptr, headers.data(), headers.size(), &body, nullptr);
  return stream < 0 ? stream : 0;
}

GrpcExchange::GrpcExchange(const GrpcRequest& request) : state_(std::make_unique<State>()) {
  state_->failed = state_->open();
  if (state_->failed == 0) state_->failed = state_->submit(request);
}

GrpcExchange::~GrpcExchange() = default;

Result<std::string> GrpcExchange::take_output() {
  if (state_->failed != 0) return broken(state_->failed);
  std::string out;
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const auto n = nghttp2_session_mem_send(state_->session, &bytes);
    if (n < 0) return broken(static_cast<int>(n));
    if (n == 0) return out;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n));
  }
}

Result<bool> GrpcExchange::take(std::string_view bytes) {
  const auto n = nghttp2_session_mem_recv(
      state_->session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (n < 0) return broken(static_cast<int>(n));
  const bool open = nghttp2_session_want_read(state_->session) != 0;
  if (!state_->ended && !open) return fail(Code::kCorrupt, "speak HTTP/2", "", "connection closed");
  return state_->ended;
}

Answer GrpcExchange::judge() const {
  const auto& s = *state_;
  const std::string failed = "error: health rpc probe failed: rpc error: ";
  if (s.reset != NGHTTP2_NO_ERROR) {
    return {Verdict::kFailure, failed + "code = Internal desc = stream terminated by RST_STREAM " +
                                   "with error code: " + nghttp2_http2_strerror(s.reset)};
  }
  if (s.grpc_status.empty()) {
    return {Verdict::kFailure,
            failed + "code = Unknown desc = unexpected HTTP status code received from server: " +
                s.http_status};
  }
  const auto message = decoded(s.grpc_message);
  if (s.grpc_status == kUnimplemented) {
    return {Verdict::kFailure,
            "error: this server does not implement the grpc health protocol "
            "(grpc.health.v1.Health): " +
                message};
  }
  if (s.grpc_status != kOk) {
    const auto code = text::parse_u64(s.grpc_status);
    const auto name = code && *code < kCodes.size()
                          ? std::string(kCodes.at(static_cast<std::size_t>(*code)))
                          : "Code(" + s.grpc_status + ")";
    return {Verdict::kFailure, failed + "code = " + name + " desc = " + message};
  }
  const auto status = serving_status(s.data);
  if (!status) {
    return {Verdict::kFailure, failed + "code = Internal desc = the answer is no "
                                        "HealthCheckResponse"};
  }
  if (*status == kServing) return {Verdict::kSuccess, {}};
  const auto name = *status < kStatuses.size() ? std::string(kStatuses.at(*status))
                                               : std::to_string(*status);
  return {Verdict::kFailure, "service unhealthy (responded with \"" + name + "\")"};
}

}  // namespace podctl::probe
