#include "cli/test_stream.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "podctl/base/text.hpp"
#include "podctl/cli/output.hpp"

namespace podctl::cli {
namespace {

constexpr std::int64_t kAtOnce = 1;  // a deadline that is long over
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::size_t kMostChanges = 10'000;  // read in one go, before any is recorded

}  // namespace

TestStreams::TestStreams(Invocation& in, std::vector<const api::Pod*> pods, bool logs, int wake)
    : in_(in), pods_(std::move(pods)), logs_(logs), wake_(wake) {
  pod_watch_.path = "/api/v1/pods";
  event_watch_.path = "/api/v1/events";
}

std::uint64_t TestStreams::now_ns() const {
  return static_cast<std::uint64_t>(monotonic_ns() - begin_ns_);
}

Result<void> TestStreams::open() {
  begin_ns_ = monotonic_ns();
  TRY(list(event_watch_, &TestStreams::take_event));
  TRY(list(pod_watch_, &TestStreams::take_pod));
  record_changes();
  history_.clear();  // of pods that had the same names before
  TRY(begin_watch(event_watch_));
  return begin_watch(pod_watch_);
}

void TestStreams::note(const std::string& pod, const std::string& container, std::string text) {
  recorder_.moment(now_ns());
  recorder_.note(scenario::What::kDone, pod, container, std::move(text));
}

Result<void> TestStreams::list(Stream& stream, Take take) {
  const auto list = TRY(in_.fetch(stream.path));
  for (const auto& item : View(list)["items"].items()) {
    const auto version = text::parse_u64(View(item)["metadata"]["resourceVersion"].scalar());
    changes_.push_back(
        {version.value_or(0), boost::json::object{{"type", "ADDED"}, {"object", item}}, take});
  }
  stream.version = View(list)["metadata"]["resourceVersion"].scalar();
  return {};
}

Result<void> TestStreams::begin_watch(Stream& stream) {
  stream.events.clear();
  stream.client.emplace(TRY(in_.connect()));
  Request request;
  request.target =
      Target(stream.path).add("watch", "1").add_if("resourceVersion", stream.version).str();
  const auto reply = TRY(stream.client->open(request));
  if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
  return {};
}

Result<void> TestStreams::catch_up() {
  TRY(pump(kAtOnce));
  TRY(list(event_watch_, &TestStreams::take_event));
  TRY(list(pod_watch_, &TestStreams::take_pod));
  record_changes();
  return {};
}

// What came to one watch while the other was read belongs before what that one told: both are read
// until neither has more.
Result<void> TestStreams::pump(std::int64_t deadline_ns) {
  std::size_t known = 0;
  do {
    known = changes_.size();
    TRY(read_ready(deadline_ns));
    deadline_ns = kAtOnce;
  } while (changes_.size() > known && known < kMostChanges);
  record_changes();
  return {};
}

// Waits until the deadline for something to be there, and reads it.
Result<void> TestStreams::read_ready(std::int64_t deadline_ns) {
  std::vector<Stream*> streams = {&event_watch_, &pod_watch_};
  for (auto& log : log_streams_) {
    if (!log->over) streams.push_back(log.get());
  }
  std::vector<pollfd> fds;
  bool buffered = false;
  for (auto* stream : streams) {
    fds.push_back({stream->client->fd(), POLLIN, 0});
    buffered = buffered || stream->client->buffered();
  }
  fds.push_back({wake_, POLLIN, 0});
  const auto left = std::max<std::int64_t>(deadline_ns - monotonic_ns(), 0);
  const auto timeout = buffered ? 0 : static_cast<int>((left + kMillisecond - 1) / kMillisecond);
  if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR) {
    return fail_errno(errno, "poll", "podctld");
  }
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (fds[i].revents != 0 || streams[i]->client->buffered()) TRY(read(*streams[i]));
  }
  return {};
}

// Pods and events come by streams of their own; their versions say which was first.
void TestStreams::record_changes() {
  auto changes = std::exchange(changes_, {});
  std::ranges::stable_sort(changes, {}, &Change::version);
  for (const auto& change : changes) {
    const View line(change.line);
    (this->*change.take)(line["type"].str() == "DELETED", line["object"]);
  }
}

// What has come of one stream.
Result<void> TestStreams::read(Stream& stream) {
  do {
    auto piece = stream.client->next(kAtOnce);
    if (!piece && piece.error().code == Code::kTimedOut) break;
    if (!piece || !*piece) return broken(stream);
    stream.path.empty() ? void(stream.rest += **piece) : stream.events.feed(**piece);
  } while (stream.client->buffered());
  if (stream.path.empty()) {
    log_lines(stream, false);
    return {};
  }
  return lines(stream, &stream == &pod_watch_ ? &TestStreams::take_pod : &TestStreams::take_event);
}

// A log is at its end then; a watch goes on from a list.
Result<void> TestStreams::broken(Stream& stream) {
  if (stream.path.empty()) {
    log_lines(stream, true);
    stream.over = true;
    stream.client.reset();
    return {};
  }
  record_changes();
  pause_briefly();
  TRY(list(stream, &stream == &pod_watch_ ? &TestStreams::take_pod : &TestStreams::take_event));
  return begin_watch(stream);
}

Result<void> TestStreams::lines(Stream& stream, Take take) {
  while (auto change = TRY(stream.events.next())) {
    if (is_broken(*change)) return broken(stream);
    const View meta = View(*change)["object"]["metadata"];
    const auto version = text::parse_u64(meta["resourceVersion"].scalar());
    changes_.push_back({version.value_or(0), std::move(*change), take});
  }
  return {};
}

const api::Pod* TestStreams::known(View object) const {
  for (const auto* pod : pods_) {
    if (object["name"].str() == pod->metadata.name &&
        object["namespace"].str() == pod->metadata.namespace_) {
      return pod;
    }
  }
  return nullptr;
}

void TestStreams::take_pod(bool deleted, View object) {
  const auto* pod = known(object["metadata"]);
  if (pod == nullptr) return;
  const auto& name = pod->metadata.name;
  const auto version = text::parse_u64(object["metadata"]["resourceVersion"].scalar()).value_or(0);
  if (version < versions_[name] || gone_.contains(name)) return;
  versions_[name] = version;
  const auto seen = to_pod(*object.get());
  recorder_.moment(now_ns());
  recorder_.status(seen);
  if (logs_) follow_logs(seen);
  if (!deleted) return;
  gone_.insert(name);
  recorder_.deleted(name);
}

// podctld counts equal events in one object.
void TestStreams::take_event(bool deleted, View object) {
  const auto* pod = known(object["involvedObject"]);
  if (pod == nullptr || deleted) return;
  auto& taken = counts_[std::string(object["metadata"]["name"].str())];
  const auto count = object["count"].num(1);
  for (; taken < count; ++taken) {
    recorder_.moment(now_ns());
    recorder_.event(pod->metadata.name, std::string(object["reason"].str()),
                    std::string(object["message"].str()),
                    object["involvedObject"]["fieldPath"].str(), object["type"].str() == "Warning");
  }
}

// The log of each run as soon as it has begun; afterwards it may be too late.
void TestStreams::follow_logs(const api::Pod& pod) {
  for (const auto* list : {&pod.status.initContainerStatuses, &pod.status.containerStatuses}) {
    for (const auto& status : *list) {
      if (!status.state || !(status.state->running || status.state->terminated)) continue;
      const auto& name = pod.metadata.name;
      const auto run = status.restartCount + 1;
      if (!followed_.insert(name + "/" + status.name + "/" + std::to_string(run)).second) continue;
      auto stream = std::make_unique<Stream>();
      stream->pod = name;
      stream->container = status.name;
      stream->run = run;
      auto client = in_.connect();
      if (!client) continue;  // podctld is gone; the watch says so as well and comes back
      stream->client.emplace(std::move(*client));
      Request request;
      request.target = Target(pods_path(pod.metadata.namespace_, name) + "/log")
                           .add("container", status.name)
                           .add("follow", "true")
                           .str();
      const auto reply = stream->client->open(request);
      if (reply && reply->ok()) log_streams_.push_back(std::move(stream));
    }
  }
}

void TestStreams::log_lines(Stream& stream, bool all) {
  if (all && !stream.rest.empty() && !stream.rest.ends_with('\n')) stream.rest += '\n';
  std::size_t end = 0;
  while ((end = stream.rest.find('\n')) != std::string::npos) {
    recorder_.moment(now_ns());
    recorder_.log(stream.pod, stream.container, stream.run, stream.rest.substr(0, end));
    stream.rest.erase(0, end + 1);
  }
}

}  // namespace podctl::cli
