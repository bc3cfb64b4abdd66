// The HTTP server: accepts on the unix socket, checks the peer, parses HTTP/1.1, hands each request
// to one handler. Runs on podctld's loop; used by main and tests. It knows no route and no object.
//
// The peer is checked by SO_PEERCRED and SO_PEERGROUPS: root, podctld's own user, or a member of
// group "podctl". Bodies end at 3 MiB, except uploads, which go into a temporary file.
#pragma once

#include <memory>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/server/http.hpp"

namespace boost::asio {
class io_context;
}

namespace podctl::server {

// Binds and listens at an absolute path of any length: through a descriptor of its directory, since
// sun_path ends at 108 bytes (unix(7)). An old socket is replaced: the caller holds podctld.lock.
// Mode 0660, group podctl where that exists.
Result<UniqueFd> bind_socket(const std::string& path);
// Whether a process accepts connections there.
bool somebody_listens(const std::string& path);

class Listener {
 public:
  struct Options {
    std::string upload_directory;                      // made anew, mode 0700
    std::function<bool(const Request&)> is_upload;     // decided before the body is read
    std::function<void(const std::string&)> on_error;  // faults nobody is told about otherwise
  };

  Listener(boost::asio::io_context& io, UniqueFd socket, Options options, Handler handler);
  ~Listener();
  // Accepts no more; open connections go on until the loop ends.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace podctl::server
