// One call of grpc.health.v1.Health/Check as bytes to and from a server: HTTP/2 by nghttp2, and the
// two messages of a few bytes by hand. Pure; private to probe and its tests.
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md, doc/PROTOCOL-HTTP2.md
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/probe/probe.hpp"

namespace podctl::probe {

class GrpcExchange {
 public:
  explicit GrpcExchange(const GrpcRequest& request);
  ~GrpcExchange();

  // What is to be sent now; empty when nothing is.
  Result<std::string> take_output();
  // The next bytes of the server. True: the call has ended.
  Result<bool> take(std::string_view bytes);
  // Of a call that has ended.
  Answer judge() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace podctl::probe
