// exec and attach, between a client's channels (channels.hpp) and what runs in a container.
// https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <deque>

#include "channels.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/engine/adopt.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/sys/sealed_exe.hpp"

namespace podctl::server {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr std::size_t kLag = 1U << 20;  // bytes underway in a direction before it pauses
constexpr std::chrono::milliseconds kDrain{
    500};  // for output after the exit, when others hold the pipe

std::string exit_status(int code) {
  if (code == 0) return R"({"metadata":{},"status":"Success"})";
  const auto text = std::to_string(code);
  return json::serialize(json::object{
      {"metadata", json::object()},
      {"status", "Failure"},
      {"message", "command terminated with non-zero exit code: exit status " + text},
      {"reason", "NonZeroExitCode"},
      {"details", json::object{{"causes", json::array{json::object{{"reason", "ExitCode"},
                                                                   {"message", text}}}}}}});
}

std::string error_status(std::string message) {
  return json::serialize(json::object{{"metadata", json::object()},
                                      {"status", "Failure"},
                                      {"message", utf8::well_formed(std::move(message))},
                                      {"reason", "InternalError"},
                                      {"code", 500}});
}

struct Wanted {
  bool in = false, out = false, err = false;
};

class ExecSession : public std::enable_shared_from_this<ExecSession> {
 public:
  ExecSession(asio::io_context& io, std::shared_ptr<Socket> socket, Wanted wanted)
      : socket_(std::move(socket)),
        wanted_(wanted),
        stdin_(io),
        stdout_(io),
        stderr_(io),
        timer_(io) {}

  // `program`: what is brought into the container, with spec.brought.
  void begin(engine::Engine& engine, const std::string& uid, wire::ExecSpec spec,
             UniqueFd program = {}) {
    auto self = shared_from_this();
    listen();
    tty_ = spec.tty;
    engine::ExecStdio stdio;
    stdio.program = std::move(program);
    if (const auto made = tty_ ? Result<void>() : make_pipes(stdio); !made)
      return fail_with(made.error().message());
    engine.exec(
        uid, std::move(spec), std::move(stdio),
        [self](Result<engine::ExecStarted> started) { self->on_started(std::move(started)); },
        [self](Result<int> exited) { self->on_exited(std::move(exited)); });
  }

  // The streams of a container that runs already; they end with it, or with the client.
  void begin_attach(engine::Engine& engine, const std::string& uid, wire::AttachRequest asked) {
    listen();
    engine::ExecStdio pipes;
    Result<void> made;
    if (asked.out) made = make_pipe(pipes.out, stdout_, false);
    if (made && asked.err) made = make_pipe(pipes.err, stderr_, false);
    if (!made) return fail_with(made.error().message());
    engine.attach(uid, std::move(asked), std::move(pipes),
                  [self = shared_from_this()](Result<engine::Attached> attached) {
                    self->on_attached(std::move(attached));
                  });
  }

 private:
  void listen() {
    auto self = shared_from_this();
    socket_->on_message([self](std::string message) { self->on_message(std::move(message)); });
    socket_->on_close([self] { self->close(); });
    socket_->on_drained([self] { self->resume_output(); });
  }

  static Result<void> make_pipe(UniqueFd& theirs, Descriptor& ours, bool into_child) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "make pipe", {});
    theirs = UniqueFd(ends[into_child ? 0 : 1]);
    return engine::adopt(ours, UniqueFd(ends[into_child ? 1 : 0]));
  }

  Result<void> make_pipes(engine::ExecStdio& stdio) {
    if (wanted_.in) TRY(make_pipe(stdio.in, stdin_, true));
    if (wanted_.out) TRY(make_pipe(stdio.out, stdout_, false));
    if (wanted_.err) TRY(make_pipe(stdio.err, stderr_, false));
    return {};
  }

  void on_attached(Result<engine::Attached> attached) {
    if (!attached) return fail_with(attached.error().message());
    if (!socket_) return;
    tty_ = attached->tty;
    if (attached->input) {
      const auto taken = engine::adopt(stdin_, std::move(attached->input));
      if (!taken) return fail_with(taken.error().message());
    }
    status_ = exit_status(0);  // once the streams have ended
    begin_streams();
  }

  void on_started(Result<engine::ExecStarted> started) {
    if (!started) return fail_with(started.error().message());
    if (tty_ && started->terminal) {
      const auto taken = take_terminal(std::move(started->terminal));
      if (!taken) return fail_with(taken.error().message());
    }
    begin_streams();
  }

  // Reading and writing wait apart, each on a descriptor of its own.
  Result<void> take_terminal(UniqueFd terminal) {
    UniqueFd copy(::fcntl(terminal.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return fail_errno(errno, "duplicate terminal", {});
    TRY(engine::adopt(stdin_, std::move(copy)));
    return engine::adopt(stdout_, std::move(terminal));
  }

  void begin_streams() {
    if (tty_ && cols_ != 0) resize();
    if (stdout_.is_open()) read_output(stdout_, out_, kStdout);
    if (stderr_.is_open()) read_output(stderr_, err_, kStderr);
    started_ = true;
    write_input();
    finish_if_done();
  }

  // ---- from the client ----

  void on_message(std::string message) {
    if (message.empty()) return;
    const char channel = message[0];
    message.erase(0, 1);
    if (channel == kStdin) {
      if (!wanted_.in || message.empty()) return;
      input_bytes_ += message.size();
      input_.push_back(std::move(message));
      if (input_bytes_ > kLag) socket_->pause_reading(true);
      write_input();
    } else if (channel == kResize) {
      read_size(message);
    } else if (channel == kCloseChannel && !message.empty() && message[0] == kStdin) {
      input_closed_ = true;
      write_input();
    }
  }

  void write_input() {
    if (!started_ || writing_) return;
    if (input_.empty() || !stdin_.is_open()) {
      input_.clear();
      input_bytes_ = 0;
      if (socket_) socket_->pause_reading(false);
      if (input_closed_ && !tty_) close_descriptor(stdin_);
      return;
    }
    writing_ = true;
    asio::async_write(stdin_, asio::buffer(input_.front()),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->writing_ = false;
                        if (error) {
                          self->close_descriptor(self->stdin_);
                          self->input_.clear();
                          self->input_bytes_ = 0;
                        } else {
                          self->input_bytes_ -= self->input_.front().size();
                          self->input_.pop_front();
                        }
                        if (self->input_bytes_ <= kLag && self->socket_)
                          self->socket_->pause_reading(false);
                        self->write_input();
                      });
  }

  void read_size(const std::string& text) {
    error_code error;
    const auto value = json::parse(text, error);
    if (error || !value.is_object()) return;
    auto number = [&value](const char* name) -> std::uint16_t {
      const auto* field = value.get_object().if_contains(name);
      return field != nullptr && field->is_int64() && field->get_int64() > 0 &&
                     field->get_int64() < 65536
                 ? static_cast<std::uint16_t>(field->get_int64())
                 : 0;
    };
    cols_ = number("Width");
    rows_ = number("Height");
    if (started_ && tty_) resize();
  }

  void resize() {
    if (stdin_.is_open()) (void)engine::Engine::resize_exec(stdin_.native_handle(), rows_, cols_);
  }

  // ---- to the client ----

  struct Output {
    std::array<char, 32768> block;
    bool paused = false;
  };

  void read_output(Descriptor& from, Output& output, char channel) {
    if (socket_ && socket_->pending() > kLag) {
      output.paused = true;
      return;
    }
    from.async_read_some(asio::buffer(output.block), [self = shared_from_this(), &from, &output,
                                                      channel](error_code error, std::size_t n) {
      if (error) {  // the end; EIO when a terminal's last user has left
        self->close_descriptor(from);
        return self->finish_if_done();
      }
      if (self->socket_) self->socket_->send(channel + std::string(output.block.data(), n));
      self->read_output(from, output, channel);
    });
  }

  void resume_output() {
    if (std::exchange(out_.paused, false)) read_output(stdout_, out_, kStdout);
    if (std::exchange(err_.paused, false)) read_output(stderr_, err_, kStderr);
  }

  void on_exited(Result<int> exited) {
    status_ = exited ? exit_status(*exited) : error_status(exited.error().message());
    // What the command left behind may hold its pipes open; it is given a moment, not for ever.
    timer_.expires_after(kDrain);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      self->close_descriptor(self->stdout_);
      self->close_descriptor(self->stderr_);
      self->finish_if_done();
    });
    finish_if_done();
  }

  void finish_if_done() {
    if (status_.empty() || !started_ || stdout_.is_open() || stderr_.is_open() || !socket_) return;
    timer_.cancel();
    socket_->send(char(kStatus) + std::exchange(status_, {}));
    socket_->close();
  }

  void fail_with(const std::string& message) {
    if (!socket_) return;
    socket_->send(char(kStatus) + error_status(message));
    socket_->close();
  }

  void close_descriptor(Descriptor& descriptor) {
    error_code ignored;
    if (descriptor.is_open()) descriptor.close(ignored);
  }

  void close() {
    socket_.reset();
    timer_.cancel();
    for (auto* descriptor : {&stdin_, &stdout_, &stderr_}) close_descriptor(*descriptor);
  }

  std::shared_ptr<Socket> socket_;
  Wanted wanted_;
  Descriptor stdin_, stdout_, stderr_;
  asio::steady_timer timer_;
  Output out_{}, err_{};
  std::deque<std::string> input_;
  std::size_t input_bytes_ = 0;
  std::string status_;
  std::uint16_t rows_ = 0, cols_ = 0;
  bool tty_ = false, started_ = false, writing_ = false, input_closed_ = false;
};

// The container that a request names, or the pod's first, with what an exec in it runs under.
struct Inside {
  std::string uid;
  wire::ContainerSpec spec;
};

// Answers itself when there is none.
std::optional<Inside> inside(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_pod(node, exchange, route);
  if (record == nullptr) return std::nullopt;
  if (exchange->upgrade() == Upgrade::kNone) {
    exchange->refuse(node::bad_request("Upgrade request required"));
    return std::nullopt;
  }
  auto* worker = node.worker(record->object->metadata.uid);
  std::string container = exchange->request().target.query.get_or("container", "");
  if (container.empty() && !record->object->spec.containers.empty())
    container = record->object->spec.containers[0].name;
  if (worker == nullptr || node::find_container(*record->object, container) == nullptr) {
    exchange->refuse(
        node::bad_request("container " + container + " is not valid for pod " + route.name));
    return std::nullopt;
  }
  auto spec = worker->container_spec(container);
  if (!spec) {
    exchange->refuse(node::Refusal{500,
                                   "InternalError",
                                   "unable to upgrade connection: " + spec.error().message(),
                                   {},
                                   {},
                                   {}});
    return std::nullopt;
  }
  return Inside{worker->uid(), std::move(*spec)};
}

// podctl-cp's words for what a copy asks.
node::Answer<std::vector<std::string>> copy_command(const Query& query) {
  const auto from = query.get_or("from", ""), to = query.get_or("to", "");
  if (from.empty() == to.empty()) {
    return node::Refused(node::bad_request("a copy goes either from or to a path"));
  }
  if (!from.empty()) return std::vector<std::string>{"podctl-cp", "get", from};
  const auto name = query.get_or("name", "");
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    return node::Refused(node::bad_request("name: Invalid value: \"" + name + "\""));
  return std::vector<std::string>{"podctl-cp", "put", to, name,
                                  query.flag("preserve") ? "preserve" : "plain"};
}

}  // namespace

void start_exec(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& query = exchange->request().target.query;
  auto found = inside(node, exchange, route);
  if (!found) return;
  auto command = query.all("command");
  if (command.empty()) {
    return exchange->refuse(
        node::bad_request("you must specify at least 1 command for the container"));
  }
  const bool tty = query.flag("tty");
  const Wanted wanted{query.flag("stdin"), query.flag("stdout"), query.flag("stderr") && !tty};
  if (!wanted.in && !wanted.out && !wanted.err) {
    return exchange->refuse(
        node::bad_request("you must specify at least one of stdin, stdout, stderr"));
  }
  auto exec = node::build_exec(found->spec, std::move(command), tty);
  accept_channels(exchange, [&node, exec = std::move(exec), wanted,
                             uid = found->uid](const std::shared_ptr<Socket>& socket) {
    if (!socket) return;
    std::make_shared<ExecSession>(node.context().io, socket, wanted)
        ->begin(node.engine(), uid, exec);
  });
}

void start_attach(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& query = exchange->request().target.query;
  auto found = inside(node, exchange, route);
  if (!found) return;
  const auto* record = require_pod(node, exchange, route);
  const auto* container = node::find_container(*record->object, found->spec.name);
  wire::AttachRequest asked{.id = found->spec.id,
                            .out = query.flag("stdout"),
                            .err = query.flag("stderr") && !found->spec.tty,
                            .in = query.flag("stdin"),
                            .last_in = container->stdinOnce.value_or(false),
                            .from_start = query.flag("fromStart")};
  if (!asked.in && !asked.out && !asked.err) {
    return exchange->refuse(
        node::bad_request("you must specify at least one of stdin, stdout, stderr"));
  }
  accept_channels(exchange, [&node, asked,
                             uid = found->uid](const std::shared_ptr<Socket>& socket) {
    if (!socket) return;
    std::make_shared<ExecSession>(node.context().io, socket, Wanted{asked.in, asked.out, asked.err})
        ->begin_attach(node.engine(), uid, asked);
  });
}

void start_copy(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  auto command = copy_command(exchange->request().target.query);
  if (!command) return exchange->refuse(command.error());
  auto found = inside(node, exchange, route);
  if (!found) return;
  const bool in = command->at(1) == "put";
  auto exec = node::build_exec(found->spec, std::move(*command), false);
  exec.brought = true;
  // Read from the disk: not on the loop, and not by way of the node, which may be at its end.
  node.context().offload.run([&node, exchange, in, exec = std::move(exec), uid = found->uid,
                              path = node.engine().helper("podctl-cp")]() -> std::function<void()> {
    auto opened = sys::seal_program(path);
    if (!opened) return [exchange, error = opened.error()] { exchange->refuse(error); };
    auto program = std::make_shared<UniqueFd>(std::move(*opened));
    return [&node, exchange, in, exec, uid, program] {
      const auto begin = [&node, in, exec, uid, program](const std::shared_ptr<Socket>& socket) {
        if (!socket) return;
        std::make_shared<ExecSession>(node.context().io, socket, Wanted{in, true, true})
            ->begin(node.engine(), uid, exec, std::move(*program));
      };
      accept_channels(exchange, begin);
    };
  });
}

}  // namespace podctl::server
