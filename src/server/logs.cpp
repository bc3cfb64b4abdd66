// The log of a container: finds the attempt, reads its files on a worker, follows them by inotify.
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "handlers.hpp"
#include "podctl/base/text.hpp"
#include "podctl/engine/adopt.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/node/log_reader.hpp"

namespace podctl::server {
namespace {

constexpr std::size_t kPiece = 256U << 10;
constexpr std::size_t kLag = 1U << 20;           // bytes not yet taken: reading pauses
constexpr std::chrono::milliseconds kLook{200};  // how soon the end of a container is noticed

class LogStream : public std::enable_shared_from_this<LogStream> {
 public:
  LogStream(node::Node& node, std::shared_ptr<node::LogReader> reader,
            std::shared_ptr<Stream> stream, std::function<bool()> alive)
      : node_(node),
        reader_(std::move(reader)),
        stream_(std::move(stream)),
        alive_(std::move(alive)),
        changes_(node.context().io),
        timer_(node.context().io) {}

  void begin(const std::string& directory) {
    UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (fd) {
      ::inotify_add_watch(fd.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
      (void)engine::adopt(changes_, std::move(fd));  // else the timer alone wakes
    }
    auto self = shared_from_this();
    stream_->on_close([self] { self->close(); });
    stream_->on_drained([self] { self->read(); });
    read();
  }

 private:
  void read() {
    if (reading_ || !stream_ || stream_->pending() > kLag) return;
    reading_ = true;
    // Asked before reading: what a container wrote before it ended is read after the answer.
    const bool alive = alive_ && alive_();
    node_.context().offload.run([self = shared_from_this(), alive]() -> std::function<void()> {
      auto piece = self->reader_->read(kPiece);
      return [self, alive, piece = std::move(piece)] { self->on_piece(alive, piece); };
    });
  }

  void on_piece(bool alive, const Result<std::string>& piece) {
    reading_ = false;
    if (!stream_) return;
    if (!piece) return stream_->end();
    if (!piece->empty()) stream_->write(*piece);
    if (reader_->exhausted()) return stream_->end();
    if (!piece->empty()) return read();
    if (!alive) return stream_->end();
    wait();
  }

  void wait() {
    auto again = [weak = weak_from_this()](boost::system::error_code error) {
      auto self = weak.lock();
      if (!error && self) self->woken();
    };
    timer_.expires_after(kLook);
    timer_.async_wait(again);
    if (changes_.is_open())
      changes_.async_wait(boost::asio::posix::stream_descriptor::wait_read, again);
  }

  void woken() {
    timer_.cancel();
    if (changes_.is_open()) {
      changes_.cancel();
      std::array<char, 4096> ignored{};
      while (::read(changes_.native_handle(), ignored.data(), ignored.size()) > 0) continue;
    }
    read();
  }

  void close() {
    stream_.reset();
    timer_.cancel();
    boost::system::error_code ignored;
    changes_.close(ignored);
  }

  node::Node& node_;
  std::shared_ptr<node::LogReader> reader_;
  std::shared_ptr<Stream> stream_;
  std::function<bool()> alive_;
  boost::asio::posix::stream_descriptor changes_;
  boost::asio::steady_timer timer_;
  bool reading_ = false;
};

std::string names(const std::vector<api::Container>& containers) {
  std::string list;
  for (const auto& c : containers) list += (list.empty() ? "" : " ") + c.name;
  return "[" + list + "]";
}

node::Answer<std::string> choose_container(const api::Pod& pod, const std::string& wanted) {
  if (!wanted.empty()) {
    if (node::find_container(pod, wanted) != nullptr) return wanted;
    return node::Refused(
        node::bad_request("container " + wanted + " is not valid for pod " + pod.metadata.name));
  }
  if (pod.spec.containers.size() == 1 && pod.spec.initContainers.empty())
    return pod.spec.containers[0].name;
  std::string text = "a container name must be specified for pod " + pod.metadata.name +
                     ", choose one of: " + names(pod.spec.containers);
  if (!pod.spec.initContainers.empty())
    text += " or one of the init containers: " + names(pod.spec.initContainers);
  return node::Refused(node::bad_request(text));
}

// What is out of its range, as Kubernetes says it (ValidatePodLogOptions).
std::optional<node::Refusal> out_of_range(const Query& query, const std::string& pod) {
  std::vector<node::Cause> causes;
  for (const char* name : {"sinceSeconds", "limitBytes"}) {
    const auto value = query.get(name);
    if (value && text::parse_u64(*value) == 0U)
      causes.push_back({"FieldValueInvalid", "Invalid value: 0: must be greater than 0", name});
  }
  if (query.get("sinceSeconds") && query.get("sinceTime")) {
    causes.push_back({"FieldValueForbidden",
                      "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
                      ""});
  }
  if (causes.empty()) return std::nullopt;
  return node::invalid("PodLogOptions", pod, std::move(causes));
}

node::Answer<node::LogOptions> parse_options(const Query& query) {
  node::LogOptions options;
  options.timestamps = query.flag("timestamps");
  auto number = [&query](const char* name) -> node::Answer<std::optional<std::uint64_t>> {
    const auto value = query.get(name);
    if (!value) return std::optional<std::uint64_t>();
    const auto parsed = text::parse_u64(*value);
    if (!parsed)
      return node::Refused(
          node::bad_request(std::string(name) + ": Invalid value: \"" + *value + "\""));
    return std::optional(*parsed);
  };
  auto tail = number("tailLines");
  auto limit = number("limitBytes");
  auto since = number("sinceSeconds");
  for (const auto* parsed : {&tail, &limit, &since}) {
    if (!*parsed) return node::Refused(parsed->error());
  }
  options.tail_lines = *tail;
  options.limit_bytes = *limit;
  if (*since) options.since = node::to_time(node::wall_now_ns() - **since * 1'000'000'000ULL);
  if (const auto time = query.get("sinceTime")) {
    const auto parsed = api::Time::parse(*time);
    if (!parsed)
      return node::Refused(node::bad_request("sinceTime: Invalid value: \"" + *time + "\""));
    options.since = *parsed;
  }
  return options;
}

const lifecycle::ContainerMemory* find_memory(const node::PodWorker& worker,
                                              const std::string& name) {
  for (const auto* list :
       {&worker.memory().containers, &worker.memory().init, &worker.memory().ephemeral}) {
    for (const auto& container : *list) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

const api::ContainerStatus* find_status(const node::PodWorker& worker, const std::string& name) {
  const auto& status = worker.pod().status;
  for (const auto* list : {&status.containerStatuses, &status.initContainerStatuses}) {
    for (const auto& container : *list) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

// The newest attempt that has a log (one that waits for its back-off has none yet), or the one
// before it.
node::Answer<std::uint32_t> choose_attempt(node::Node& node, const node::PodWorker& worker,
                                           const std::string& name, bool previous) {
  const auto& meta = worker.pod().metadata;
  const auto* memory = find_memory(worker, name);
  auto logged = [&node, &meta, &name](std::uint32_t attempt) {
    const auto path =
        node.context().layout.container_log(meta.namespace_, meta.name, meta.uid, name, attempt);
    return ::access(path.c_str(), F_OK) == 0;
  };
  std::uint32_t attempt = memory == nullptr ? 0 : memory->attempt;
  if (attempt > 0 && !logged(attempt)) --attempt;
  const auto* status = find_status(worker, name);
  const bool never_was = status != nullptr && status->state && status->state->waiting &&
                         status->containerID.empty() &&
                         !(status->lastState && status->lastState->terminated);
  if (!previous && !never_was && logged(attempt)) return attempt;
  if (previous) {
    if (attempt > 0 && logged(attempt - 1)) return attempt - 1;
    return node::Refused(node::bad_request("previous terminated container \"" + name +
                                           "\" in pod \"" + meta.name + "\" not found"));
  }
  std::string reason = "ContainerCreating";
  if (status != nullptr && status->state && status->state->waiting)
    reason = status->state->waiting->reason;
  return node::Refused(node::bad_request("container \"" + name + "\" in pod \"" + meta.name +
                                         "\" is waiting to start: " + reason));
}

}  // namespace

void stream_log(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = require_pod(node, exchange, route);
  if (record == nullptr) return;
  const auto& query = exchange->request().target.query;
  const auto name = choose_container(*record->object, query.get_or("container", ""));
  if (!name) return exchange->refuse(name.error());
  if (auto refusal = out_of_range(query, route.name)) return exchange->refuse(*refusal);
  const auto options = parse_options(query);
  if (!options) return exchange->refuse(options.error());
  const auto uid = record->object->metadata.uid;
  const auto* worker = node.worker(uid);
  if (worker == nullptr) return exchange->refuse(node::not_found("pods", route.name));
  const auto attempt = choose_attempt(node, *worker, *name, query.flag("previous"));
  if (!attempt) return exchange->refuse(attempt.error());

  const auto path = node.context().layout.container_log(route.ns, route.name, uid, *name, *attempt);
  const bool follow = query.flag("follow");
  node.context().offload.run([&node, exchange, path, options = *options, uid, name = *name,
                              attempt = *attempt, follow]() -> std::function<void()> {
    auto opened = node::LogReader::open(path, options);
    std::shared_ptr<node::LogReader> reader = opened ? std::move(*opened) : nullptr;
    const auto error = opened ? Error{} : opened.error();
    return [&node, exchange, path, reader, error, uid, name, attempt, follow] {
      if (!reader) return exchange->refuse(error);
      std::function<bool()> alive;
      if (follow) {
        alive = [&node, uid, name, attempt] {
          const auto* pod = node.worker(uid);
          if (pod == nullptr) return false;
          const auto found = pod->containers().find(name);
          return found != pod->containers().end() && found->second.attempt == attempt &&
                 found->second.alive;
        };
      }
      std::make_shared<LogStream>(node, reader, exchange->stream("text/plain"), alive)
          ->begin(path.substr(0, path.rfind('/')));
    };
  });
}

}  // namespace podctl::server
