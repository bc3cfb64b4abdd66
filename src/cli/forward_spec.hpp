// The ports and addresses of port-forward. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

struct ForwardedPort {
  std::uint16_t local = 0;  // 0: whichever is free
  std::uint16_t remote = 0;
};

// "8080:80", "80" (the same here), ":80" (any free one here); a port of the pod may be named as its
// manifest names it. kInvalidArgument in kubectl's words.
Result<ForwardedPort> parse_forwarded_port(std::string_view text, View pod);

struct ListenAddress {
  std::string ip;
  bool optional = false;  // of "localhost": one of the two families is enough
};
// "localhost,192.0.2.1": kubectl's --address. Each address is there once; a named one counts as
// that.
Result<std::vector<ListenAddress>> parse_addresses(std::string_view text);
// Whether a port counts as served when `listens` says which of the addresses do
// (kubernetes/client-go tools/portforward): every named one has to, of localhost's any.
bool port_listens(const std::vector<ListenAddress>& addresses, const std::vector<bool>& listens);

}  // namespace podctl::cli
