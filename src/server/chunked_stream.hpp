// A response of unknown length: the head, then a chunk a write.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <string>

#include "podctl/server/http.hpp"

namespace podctl::server {

// Sends "200 OK" with a chunked body at once; the connection closes after it.
std::shared_ptr<Stream> make_chunked_stream(boost::asio::local::stream_protocol::socket socket,
                                            const std::string& content_type);

}  // namespace podctl::server
