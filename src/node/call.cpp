#include "node/call.hpp"

#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/engine/engine.hpp"

namespace podctl::node {
namespace {

using probe::Verdict;

constexpr std::uint64_t kLastPort = 65535;

Result<std::uint16_t> find_port(const api::IntOrString& port, const api::Container& container) {
  if (port.is_int()) return static_cast<std::uint16_t>(port.number());
  for (const auto& known : container.ports) {
    if (known.name == port.text()) return static_cast<std::uint16_t>(known.containerPort);
  }
  const auto number = text::parse_u64(port.text());
  if (number && *number > 0 && *number <= kLastPort) return static_cast<std::uint16_t>(*number);
  return fail(Code::kNotFound, "find port", port.text(),
              "container " + container.name + " has no port of that name");
}

std::string seconds_text(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + "s";
}

CallEnd end_of_run(const Result<engine::RunResult>& result, const std::string& command,
                   std::chrono::nanoseconds timeout) {
  if (!result) {
    const auto& error = result.error();
    return {Verdict::kError, error.message(), error.message(), error.sys_errno == ESRCH};
  }
  if (result->timed_out) {
    const auto why =
        "command timed out: \"" + command + "\" timed out after " + seconds_text(timeout);
    return {Verdict::kFailure, why, why, false};
  }
  if (result->exit_code == 0) return {Verdict::kSuccess, {}, {}};
  auto output = utf8::well_formed(result->output);
  auto cause =
      "command '" + command + "' exited with " + std::to_string(result->exit_code) + ": " + output;
  return {Verdict::kFailure, std::move(output), std::move(cause)};
}

class ExecCall : public Call {
 public:
  ExecCall(Context& context, const std::string& uid, const wire::ExecSpec& spec,
           std::chrono::nanoseconds timeout, Done done)
      : done_(std::make_shared<Done>(std::move(done))) {
    run_ = context.engine.run(uid, spec, {.timeout = timeout},
                              [weak = std::weak_ptr(done_), command = text::join(spec.argv, " "),
                               timeout](const Result<engine::RunResult>& result) {
                                if (const auto wanted = weak.lock()) {
                                  (*wanted)(end_of_run(result, command, timeout));
                                }
                              });
  }
  bool lingers() const override { return !run_.expired(); }

 private:
  std::shared_ptr<Done> done_;
  std::weak_ptr<const void> run_;
};

class NetworkCall : public Call {
 public:
  explicit NetworkCall(probe::TryPtr attempt) : attempt_(std::move(attempt)) {}

 private:
  probe::TryPtr attempt_;
};

Result<std::string> host_of(const std::string& named, const Result<std::string>& address) {
  if (!named.empty()) return named;
  return address;
}

}  // namespace

Result<Target> http_target(const api::HTTPGetAction& action, const api::Container& container,
                           const Result<std::string>& address, const std::string& agent) {
  probe::HttpRequest request;
  request.tls = action.scheme == "HTTPS";
  request.host = TRY(host_of(action.host, address));
  request.port = TRY(find_port(action.port, container));
  request.path = action.path;
  for (const auto& header : action.httpHeaders) {
    request.headers.emplace_back(header.name, header.value);
  }
  request.agent = agent;
  return request;
}

Result<Target> tcp_target(const api::TCPSocketAction& action, const api::Container& container,
                          const Result<std::string>& address) {
  const auto port = TRY(find_port(action.port, container));
  auto host = TRY(host_of(action.host, address));
  return TcpTarget{std::move(host), port};
}

Result<Target> grpc_target(const api::GRPCAction& action, const Result<std::string>& address,
                           const std::string& agent) {
  probe::GrpcRequest request;
  request.host = TRY(host_of({}, address));
  request.port = static_cast<std::uint16_t>(action.port);
  request.service = action.service;
  request.agent = agent;
  return request;
}

std::unique_ptr<Call> begin_call(Context& context, const std::string& uid, const Target& target,
                                 std::chrono::nanoseconds timeout, Call::Done done) {
  if (const auto* spec = std::get_if<wire::ExecSpec>(&target)) {
    return std::make_unique<ExecCall>(context, uid, *spec, timeout, std::move(done));
  }
  auto answered = [done = std::move(done)](probe::Answer answer) {
    auto text = utf8::well_formed(std::move(answer.text));
    done({answer.verdict, text, text});
  };
  if (const auto* request = std::get_if<probe::HttpRequest>(&target)) {
    return std::make_unique<NetworkCall>(
        probe::http_get(context.io, *request, timeout, std::move(answered)));
  }
  if (const auto* request = std::get_if<probe::GrpcRequest>(&target)) {
    auto bounded = *request;
    bounded.timeout = timeout;
    return std::make_unique<NetworkCall>(
        probe::grpc_check(context.io, std::move(bounded), std::move(answered)));
  }
  const auto& tcp = std::get<TcpTarget>(target);
  return std::make_unique<NetworkCall>(
      probe::tcp_connect(context.io, tcp.host, tcp.port, timeout, std::move(answered)));
}

}  // namespace podctl::node
