// A WebSocket with Kubernetes' channels, from its opening to the final Status.
//
//   channel  0 stdin   1 stdout   2 stderr   3 the final Status   4 terminal size   255 "channel
//   closed" (v5)
//
// Used by exec, attach and cp; the process is podctl.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/cli/session.hpp"
#include "podctl/cli/websocket.hpp"

namespace podctl::cli {

struct ChannelEnds {
  int in = -1;         // read from, until its end; -1: no stdin
  bool tty = false;    // a terminal of ours is at both ends
  std::string detach;  // with tty: bytes that, read from `in`, end our part
  std::function<Result<void>(std::string_view)> out, err;  // an error ends the stream
};

// Opens the stream behind a target. A refusal is in `refused`, if it has a status.
Result<WebSocket> open_channels(Invocation& in, const std::string& target, Reply& refused);

// How the stream ended.
struct ChannelEnd {
  int interrupted = 0;    // the signal that ended podctl's part; 0: none
  bool detached = false;  // the keys did
  bool success = false;
  std::optional<int> exit_code;  // of a command that did not end with success
  std::string message;           // of any other failure
};

// Serves the stream to its end.
Result<ChannelEnd> serve_channels(WebSocket socket, const ChannelEnds& ends);

}  // namespace podctl::cli
