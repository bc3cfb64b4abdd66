// Reaching podctld: connect to its socket, and start it when nobody listens.
//
// Used by the commands through Session. Starting a program is the one thing of the system that
// podctl does itself; everything else it asks for over the API.
#pragma once

#include <string>
#include <utility>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/cli/http.hpp"

namespace podctl::cli {

// The program `name` that belongs to this podctl: beside it, else ../libexec/podctl, else ../sbin.
// kNotFound names the places.
Result<std::string> find_helper(const std::string& name);

// Connects; when there is no socket or nobody listens, starts podctld and waits (10 s at most)
// until it says on --ready-fd that it serves. Two commands may race: the daemon that loses the lock
// ends, and both connect to the other.
Result<Client> connect_or_start(const Layout& layout);
// The same with a first request and its whole reply, asked of the next podctld where one ended
// before it had read it, and what changes nothing also where the answer was lost.
Result<std::pair<Client, Reply>> ask_or_start(const Layout& layout, const Request& request);

}  // namespace podctl::cli
