// What the name of a host stands for. Asio has one thread for all names, which a DNS server that
// does not answer holds up for everybody, and whose end waits for it: here are a few, and nobody
// waits for one of them. Private to probe and its tests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace podctl::probe {

using Addresses = std::vector<boost::asio::ip::address>;

// Those that a file in the form of hosts(5) has for a name, as they stand there.
Addresses addresses_in(std::string_view hosts, std::string_view name);

// What can be told without asking anybody: an address itself, a name of /etc/hosts, "localhost".
// Empty: it is to be looked up.
Addresses known_addresses(const std::string& host);

struct Found {
  boost::system::error_code error;
  Addresses addresses;
};

// Threads that look names up, at most kAtOnce of them; what comes then waits for one. A question
// whose asker is gone is not begun.
class Resolvers {
 public:
  static constexpr std::size_t kAtOnce = 4;
  // Looks one name up, and may block for long.
  using Resolve = std::function<Found(const std::string& host)>;
  explicit Resolvers(Resolve resolve);
  // getaddrinfo(3).
  static Resolvers& usual();

  struct Question;
  // `question` is answered by a thread of these.
  void ask(const std::shared_ptr<Question>& question);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // with threads that may outlive this
};

// One name to be looked up. On the loop.
class Lookup {
 public:
  using Done = std::function<void(const Found&)>;
  explicit Lookup(boost::asio::io_context& io, Resolvers& resolvers = Resolvers::usual());
  // `done` is called later, once; with operation_aborted after cancel().
  void begin(const std::string& host, Done done);
  void cancel();

 private:
  Resolvers& resolvers_;
  boost::asio::posix::stream_descriptor answered_;
  std::shared_ptr<Resolvers::Question> question_;
};

}  // namespace podctl::probe
