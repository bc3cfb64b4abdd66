// An upgraded connection whose bytes follow no framing of ours (SPDY brings its own).
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>

#include "podctl/server/http.hpp"

namespace podctl::server {

// Answers 101 with `head`'s fields ("Name: value\r\n" each). What comes is handed over as it comes,
// begun by `read_already`.
std::shared_ptr<Socket> make_raw_socket(boost::asio::local::stream_protocol::socket socket,
                                        const std::string& head, std::string read_already,
                                        std::string protocol);

}  // namespace podctl::server
