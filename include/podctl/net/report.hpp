// What is there: links, addresses, routes of a network namespace, for describe, doctor and ipam's
// choice of a subnet. Reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/ip.hpp"
#include "podctl/net/socket.hpp"

namespace podctl::net {

struct Link {
  int index = 0;
  std::string name, kind, mac;  // kind: "veth", "bridge", empty for a plain device
  int master = 0;               // index of the bridge it is a port of
  int peer = 0;                 // veth: the other end's index, in the other namespace
  std::uint32_t mtu = 0;
  bool up = false;       // IFF_UP
  bool running = false;  // IFF_RUNNING: has a carrier
};

struct Address {
  int index = 0;  // of its link
  IpPrefix prefix;
  std::string scope;  // "global", "link", "host"
};

struct Route {
  IpPrefix destination;  // length 0: default
  std::optional<IpAddress> gateway;
  int index = 0;              // of the outgoing link
  std::uint32_t table = 254;  // RT_TABLE_MAIN
  std::uint32_t metric = 0;
};

Result<std::vector<Link>> links(Socket& socket);
Result<Link> link(Socket& socket, const std::string& name);  // kNotFound
Result<std::vector<Address>> addresses(Socket& socket);
// Routes of every table but the local one.
Result<std::vector<Route>> routes(Socket& socket);

}  // namespace podctl::net
