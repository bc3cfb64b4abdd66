// What a probe or a hook does once: a command in the container, or a question over the network.
//
// On podctld's loop. The kubelet's rules for what is asked of whom (pkg/probe, pkg/kubelet/prober).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "podctl/api/container.hpp"
#include "podctl/node/context.hpp"
#include "podctl/probe/probe.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::node {

struct TcpTarget {
  std::string host;
  std::uint16_t port = 0;
};
using Target = std::variant<wire::ExecSpec, probe::HttpRequest, TcpTarget, probe::GrpcRequest>;

// The network targets of a container of the pod at that address; `agent` is the User-Agent.
// kNotFound: its port is a name that no port of the container has. The error of the address where
// one is needed: a host that is named needs none.
Result<Target> http_target(const api::HTTPGetAction& action, const api::Container& container,
                           const Result<std::string>& address, const std::string& agent);
Result<Target> tcp_target(const api::TCPSocketAction& action, const api::Container& container,
                          const Result<std::string>& address);
Result<Target> grpc_target(const api::GRPCAction& action, const Result<std::string>& address,
                           const std::string& agent);

struct CallEnd {
  probe::Verdict verdict = probe::Verdict::kError;
  std::string text;   // what a probe's event says: of a command its output
  std::string cause;  // why a hook has failed
  bool gone = false;  // of a command: there was no container left to run it in
};

// Under way. Dropped, it is given up: `done` is not called any more.
class Call {
 public:
  using Done = std::function<void(CallEnd)>;
  virtual ~Call() = default;
  // A command that was killed for want of time and has not ended.
  virtual bool lingers() const { return false; }
};

// `timeout` 0: none. `done` is called later, once.
std::unique_ptr<Call> begin_call(Context& context, const std::string& uid, const Target& target,
                                 std::chrono::nanoseconds timeout, Call::Done done);

}  // namespace podctl::node
