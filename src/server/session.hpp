// One connection: requests one after another, each handed over as an Exchange.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <memory>

#include "podctl/server/http.hpp"
#include "podctl/server/listener.hpp"

namespace podctl::server {

using UnixSocket = boost::asio::local::stream_protocol::socket;

// What sessions share with their listener; outlives it.
struct SessionContext {
  Listener::Options options;
  Handler handler;
};

// Runs until the peer leaves or the connection is upgraded; keeps itself alive.
void start_session(UnixSocket socket, bool allowed, std::shared_ptr<const SessionContext> context);

}  // namespace podctl::server
