#include "node/log_compression.hpp"

#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>

#include "node/log_files.hpp"
#include "podctl/node/clock.hpp"

namespace podctl::node {
namespace {

constexpr std::uint64_t kPeriod = 10'000'000'000;  // the kubelet's containerLogMonitorInterval
// Of a worker's time no more than this part, however fast logs grow.
constexpr std::uint64_t kShare = 20;

// When a directory was changed last, in nanoseconds; 0 where there is none.
std::int64_t changed_at(const std::string& directory) {
  struct stat st {};
  if (::stat(directory.c_str(), &st) != 0) return 0;
  return st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
}

}  // namespace

struct LogCompression::Timer {
  explicit Timer(boost::asio::io_context& io) : timer(io) {}
  boost::asio::steady_timer timer;
};

// What a look is given, and comes back with.
struct LogCompression::Round {
  std::vector<std::string> pods;  // their directories of logs
  Seen before, now;
  std::optional<Error> failed;
  std::uint64_t took_ns = 0;

  // Ends after a file that took its time: more of them wait for the next look.
  void run() {
    const std::uint64_t begin = boot_now_ns();
    for (const auto& pod : pods) {
      std::error_code error;
      for (const auto& container : std::filesystem::directory_iterator(pod, error)) {
        if (took_ns != 0) {
          keep(container.path());
        } else if (visit(container.path())) {
          took_ns = boot_now_ns() - begin;
        }
      }
    }
  }

 private:
  void keep(const std::string& directory) {
    if (const auto at = before.find(directory); at != before.end()) now.insert(*at);
  }
  bool visit(const std::string& directory) {
    const auto changed = changed_at(directory);
    const auto at = before.find(directory);
    if (at == before.end() || at->second != changed) {
      const auto done = compress_log(directory);
      if (!done) failed = done.error();
      if (done && *done) return true;
    }
    now[directory] = changed;
    return false;
  }
};

LogCompression::LogCompression(Context& context, const Workers& workers)
    : context_(context), workers_(workers), timer_(std::make_unique<Timer>(context.io)) {}

LogCompression::~LogCompression() { *alive_ = false; }

void LogCompression::start() { again(kPeriod); }

void LogCompression::again(std::uint64_t in_ns) {
  timer_->timer.expires_after(std::chrono::nanoseconds(in_ns));
  timer_->timer.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

void LogCompression::look() {
  auto round = std::make_shared<Round>();
  for (const auto& [uid, worker] : workers_) {
    const auto& meta = worker->pod().metadata;
    // What is about to be removed need not become smaller.
    if (meta.deletionTimestamp.has_value()) continue;
    round->pods.push_back(context_.layout.pod_logs(meta.namespace_, meta.name, uid));
  }
  if (round->pods.empty()) return again(kPeriod);
  round->before = std::exchange(seen_, {});
  context_.offload.run([this, alive = alive_, round]() -> std::function<void()> {
    round->run();
    return [this, alive, round] {
      if (*alive) looked(std::move(*round));
    };
  });
}

void LogCompression::looked(Round round) {
  seen_ = std::move(round.now);
  const std::string failure = round.failed ? round.failed->message() : std::string();
  if (!failure.empty() && failure != told_) context_.log(failure);
  told_ = failure;
  again(round.took_ns == 0 ? kPeriod : std::min(kPeriod, round.took_ns * kShare));
}

}  // namespace podctl::node
