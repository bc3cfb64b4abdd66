// The streams of a container's own process, between it and this terminal. Used by attach and debug.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "podctl/cli/session.hpp"

namespace podctl::cli {

struct AttachWish {
  bool in = false, tty = false;
  std::string detach = {};  // bytes that end podctl's part; none
  bool from_start = false;  // what it has said before too, while podctl has it
};

// To the end of the container, or of the terminal's part: the exit status. What of the wish the
// container cannot give is told, and done without.
int attach_to(Invocation& in, const boost::json::value& pod, const std::string& container,
              AttachWish wish, bool quiet);

}  // namespace podctl::cli
