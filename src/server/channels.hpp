// The channels of exec and attach, whichever way a client brings them: as messages of a WebSocket,
// or as streams over SPDY.
#pragma once

#include <functional>
#include <memory>

#include "handlers.hpp"

namespace podctl::server {

// Upgrades the connection. `ready` gets a Socket of messages that begin with their channel, once
// all streams that the query asks for are there; over SPDY as in v5. Null when it comes to nothing.
void accept_channels(const ExchangePtr& exchange,
                     std::function<void(const std::shared_ptr<Socket>&)> ready);

}  // namespace podctl::server
