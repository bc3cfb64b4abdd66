// The WebSocket end of an upgraded connection (RFC 6455).
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/server/http.hpp"

namespace podctl::server {

using UpgradeRequest = boost::beast::http::request<boost::beast::http::empty_body>;

// The first of `protocols` that the client offers in the fields `field`; empty when it offers none.
std::string choose_protocol(const UpgradeRequest& request, std::string_view field,
                            const std::vector<std::string>& protocols);

// Answers the handshake; `ready` gets the socket, or nothing when the handshake fails.
void make_web_socket(boost::asio::local::stream_protocol::socket socket,
                     const UpgradeRequest& request, std::string protocol,
                     std::function<void(std::shared_ptr<Socket>)> ready);

}  // namespace podctl::server
