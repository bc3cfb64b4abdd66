// What every try has in common: one bound of time, one answer, and being given up. Private to
// probe.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "podctl/probe/probe.hpp"

namespace podctl::probe {

// Lives by the handlers of what it waits for; what comes after its answer finds it over.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(boost::asio::io_context& io, Done done) : timer_(io), done_(std::move(done)) {}
  virtual ~Attempt() = default;
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void begin(std::chrono::nanoseconds timeout) {
    if (timeout.count() != 0) {
      timer_.expires_after(timeout);
      timer_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (!cancelled && !self->over()) self->finish({Verdict::kFailure, self->timeout_text()});
      });
    }
    run();
  }
  void give_up() {
    done_ = {};
    end();
  }

 protected:
  virtual void run() = 0;
  // Closes what is open; what waits on it is told so.
  virtual void close() = 0;
  virtual std::string timeout_text() const = 0;

  bool over() const { return !done_; }
  void finish(Answer answer) {
    if (over()) return;
    const auto keep = shared_from_this();
    const auto done = std::exchange(done_, {});
    end();
    done(std::move(answer));
  }
  template <class T>
  std::shared_ptr<T> self() {
    return std::static_pointer_cast<T>(shared_from_this());
  }

 private:
  void end() {
    timer_.cancel();
    close();
  }

  boost::asio::steady_timer timer_;
  Done done_;
};

TryPtr begin(std::shared_ptr<Attempt> attempt, std::chrono::nanoseconds timeout);

}  // namespace podctl::probe
