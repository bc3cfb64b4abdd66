#include "probe/resolve.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::probe {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kHostsFile = std::size_t{1} << 20;

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [lower](char x, char y) { return lower(x) == lower(y); });
}

// The words of a line up to its comment.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool within = false;
  for (const char c : line.substr(0, line.find('#'))) {
    const bool blank = c == ' ' || c == '\t' || c == '\r';
    if (!blank && !within) words.emplace_back();
    if (!blank) words.back() += c;
    within = !blank;
  }
  return words;
}

// Without a file there are no names in it.
std::string read_hosts() {
  const UniqueFd file(::open("/etc/hosts", O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> block;
  while (file && text.size() < kHostsFile) {
    const auto n = ::read(file.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(n));
  }
  return text;
}

error_code error_of(int code, int number) {
  switch (code) {
    case EAI_AGAIN:
      return asio::error::host_not_found_try_again;
    case EAI_MEMORY:
      return asio::error::no_memory;
    case EAI_FAIL:
      return asio::error::no_recovery;
    case EAI_SYSTEM:
      return {number, boost::system::system_category()};
    default:
      return asio::error::host_not_found;
  }
}

Found ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) return {error_of(code, errno), {}};
  Found found;
  for (const auto* at = list; at != nullptr; at = at->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (at->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const char*>(at->ai_addr), at->ai_addrlen,
                reinterpret_cast<char*>(endpoint.data()));
    found.addresses.push_back(endpoint.address());
  }
  ::freeaddrinfo(list);
  if (found.addresses.empty()) found.error = asio::error::host_not_found;
  return found;
}

}  // namespace

Addresses addresses_in(std::string_view hosts, std::string_view name) {
  Addresses found;
  for (const auto line : text::split(hosts, '\n')) {
    const auto words = words_of(line);
    const bool named =
        words.size() > 1 && std::any_of(words.begin() + 1, words.end(),
                                        [name](const auto& word) { return same_name(word, name); });
    if (!named) continue;
    error_code none;
    const auto address = asio::ip::make_address(words.front(), none);
    if (!none) found.push_back(address);
  }
  return found;
}

Addresses known_addresses(const std::string& host) {
  error_code by_name;
  const auto address = asio::ip::make_address(host, by_name);
  if (!by_name) return {address};
  auto found = addresses_in(read_hosts(), host);
  if (found.empty() && same_name(host, "localhost")) {
    found = {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()};
  }
  return found;
}

// ---- the threads ----

// Shared by the thread that answers it and by its asker.
struct Resolvers::Question {
  std::string host;
  std::mutex mutex;
  Found found;
  UniqueFd told;  // the end of a pipe: closed when `found` is there

  void answer(Found with) {
    const std::lock_guard lock(mutex);
    found = std::move(with);
    told.reset();
  }
};

struct Resolvers::Shared {
  Resolve resolve;
  std::mutex mutex;
  std::deque<std::weak_ptr<Question>> waiting;
  std::size_t threads = 0;

  // The next one that somebody still waits for; none: the thread that asks is to end.
  std::shared_ptr<Question> next() {
    const std::lock_guard lock(mutex);
    while (!waiting.empty()) {
      auto question = waiting.front().lock();
      waiting.pop_front();
      if (question) return question;
    }
    --threads;
    return nullptr;
  }
};

Resolvers::Resolvers(Resolve resolve) : shared_(std::make_shared<Shared>()) {
  shared_->resolve = std::move(resolve);
}

Resolvers& Resolvers::usual() {
  static Resolvers all(ask_system);
  return all;
}

// What is detached holds nothing but what is shared: a program may end while it waits.
void Resolvers::ask(const std::shared_ptr<Question>& question) {
  {
    const std::lock_guard lock(shared_->mutex);
    auto& waiting = shared_->waiting;
    std::erase_if(waiting, [](const auto& asked) { return asked.expired(); });
    waiting.push_back(question);
    if (shared_->threads == kAtOnce) return;
    ++shared_->threads;
  }
  // Signals are the loop's.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([shared = shared_] {
      while (const auto next = shared->next()) next->answer(shared->resolve(next->host));
    }).detach();
  } catch (const std::system_error& error) {
    question->answer({{error.code().value(), boost::system::system_category()}, {}});
    const std::lock_guard lock(shared_->mutex);
    --shared_->threads;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// ---- one that asks ----

Lookup::Lookup(asio::io_context& io, Resolvers& resolvers) : resolvers_(resolvers), answered_(io) {}

void Lookup::begin(const std::string& host, Done done) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    const Found failed{{errno, boost::system::system_category()}, {}};
    return asio::post(answered_.get_executor(), [done = std::move(done), failed] { done(failed); });
  }
  question_ = std::make_shared<Resolvers::Question>();
  question_->host = host;
  question_->told = UniqueFd(ends[1]);
  answered_.assign(ends[0]);
  answered_.async_wait(answered_.wait_read, [weak = std::weak_ptr(question_),
                                             done = std::move(done)](const error_code& cancelled) {
    const auto question = weak.lock();
    if (cancelled || !question) return done({asio::error::operation_aborted, {}});
    Found found;
    {
      const std::lock_guard lock(question->mutex);
      found = std::move(question->found);
    }
    done(found);
  });
  resolvers_.ask(question_);
}

void Lookup::cancel() {
  error_code ignored;
  answered_.close(ignored);
  question_.reset();
}

}  // namespace podctl::probe
