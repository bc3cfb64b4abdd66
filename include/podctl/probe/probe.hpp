// One try of a network probe or hook: asks a pod over the network and says what came of it, in the
// kubelet's words (pkg/probe/{http,tcp,grpc}).
//
// Used by node on podctld's loop; nothing blocks. It knows no pod and no period: who is to be
// asked, how often and what follows is node's and lifecycle's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace podctl::probe {

enum class Verdict : std::uint8_t {
  kSuccess,
  kWarning,  // a success with something to tell
  kFailure,
  kError,  // it could not be tried
};

struct Answer {
  Verdict verdict = Verdict::kError;
  std::string text;
};

// Called once, on the loop, never from within the call that began it.
using Done = std::function<void(Answer)>;

// A try under way. Dropped, it is given up, and `done` is not called any more.
class Try {
 public:
  virtual ~Try() = default;
  Try(const Try&) = delete;
  Try& operator=(const Try&) = delete;

 protected:
  Try() = default;
};
using TryPtr = std::unique_ptr<Try>;

struct HttpRequest {
  bool tls = false;  // whose certificate is not looked at
  std::string host;  // an address or a name
  std::uint16_t port = 0;
  std::string path;  // with its query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string agent;        // User-Agent, unless the headers have one
  bool any_status = false;  // whatever is answered is a success: a hook
};

// "http://10.0.0.2:8080/healthz".
std::string url_of(const HttpRequest& request);

// GET. A status from 200 to 399 is a success. Redirects are followed on the same host, nine of
// them; one to another host is a warning. `timeout` is for all of it; 0: none.
TryPtr http_get(boost::asio::io_context& io, HttpRequest request, std::chrono::nanoseconds timeout,
                Done done);

// A connection that is accepted is a success.
TryPtr tcp_connect(boost::asio::io_context& io, std::string host, std::uint16_t port,
                   std::chrono::nanoseconds timeout, Done done);

struct GrpcRequest {
  std::string host;
  std::uint16_t port = 0;
  std::string service;  // empty: the server as a whole
  std::string agent;
  std::chrono::nanoseconds timeout{0};  // of the whole try; 0: none
};

// grpc.health.v1.Health/Check without TLS: SERVING is a success.
TryPtr grpc_check(boost::asio::io_context& io, GrpcRequest request, Done done);

}  // namespace podctl::probe
