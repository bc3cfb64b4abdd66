#include "failed.hpp"

#include "handlers.hpp"
#include "podctl/node/removal.hpp"

namespace podctl::server {

Failed::Failed(boost::asio::io_context& io, Layout layout, engine::Options options, Error why,
               std::function<void(bool reset)> end)
    : layout_(layout),
      why_(std::move(why)),
      end_(std::move(end)),
      engine_(io, std::move(layout), std::move(options)),
      offload_(io, 1) {}

void Failed::handle(ExchangePtr exchange) {
  const auto& request = exchange->request();
  const Route route = find_route(request.target.segments);
  if (route.kind == Route::Kind::kReset && request.method == "POST") return reset(exchange);
  node::Refusal refusal = node::refusal_from(why_);
  refusal.http = 500;
  refusal.reason = "InternalError";
  refusal.message += "; podctl system reset removes everything";
  exchange->refuse(refusal);
  end_(false);
}

void Failed::reset(ExchangePtr exchange) {
  auto logs = node::logs_of_pods(layout_);
  engine_.reset([this, exchange, logs = std::move(logs)](Result<void> done) {
    if (!done) {
      exchange->refuse(done.error());
      return end_(false);
    }
    offload_.run([this, exchange, logs]() -> std::function<void()> {
      return [this, exchange, removed = node::remove_state(layout_, logs)] {
        if (!removed) {
          exchange->refuse(removed.error());
        } else {
          exchange->reply({200, success_json({}, {}, {})});
        }
        end_(removed.has_value());
      };
    });
  });
}

}  // namespace podctl::server
