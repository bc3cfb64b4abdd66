#include "cli/forward_spec.hpp"

#include <arpa/inet.h>

#include <boost/json/array.hpp>

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

Failure no_port(std::string_view what, std::string_view text) {
  return fail(Code::kInvalidArgument,
              "error parsing " + std::string(what) + " port \"" + std::string(text) + "\"", {});
}

std::optional<std::uint16_t> number(std::string_view text) {
  const auto value = text::parse_u64(text);
  if (!value || *value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*value);
}

Result<std::uint16_t> remote_port(std::string_view text, View pod) {
  if (const auto port = number(text)) {
    if (*port == 0) return fail(Code::kInvalidArgument, "remote port must be > 0", {});
    return *port;
  }
  for (const char* list : {"initContainers", "containers"}) {
    for (const auto& container : pod["spec"][list].items()) {
      for (const auto& item : View(container)["ports"].items()) {
        View port(item);
        if (port["name"].str() == text && !text.empty())
          return static_cast<std::uint16_t>(port["containerPort"].num());
      }
    }
  }
  if (text.empty() || text::parse_u64(text)) return no_port("remote", text);
  return fail(Code::kInvalidArgument, "pod does not have a named port '" + std::string(text) + "'",
              {});
}

void add(std::vector<ListenAddress>& list, const ListenAddress& address) {
  for (ListenAddress& known : list) {
    if (known.ip != address.ip) continue;
    known.optional = known.optional && address.optional;
    return;
  }
  list.push_back(address);
}

bool is_address(const std::string& text) {
  in6_addr any;
  return ::inet_pton(AF_INET, text.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &any) == 1;
}

}  // namespace

Result<ForwardedPort> parse_forwarded_port(std::string_view text, View pod) {
  const auto parts = text::split(text, ':');
  if (parts.size() > 2)
    return fail(Code::kInvalidArgument, "invalid port format '" + std::string(text) + "'", {});
  ForwardedPort port{.remote = TRY(remote_port(parts.back(), pod))};
  if (parts.size() == 1) {
    port.local = port.remote;
  } else if (!parts[0].empty()) {
    const auto local = number(parts[0]);
    if (!local) return no_port("local", parts[0]);
    port.local = *local;
  }
  return port;
}

Result<std::vector<ListenAddress>> parse_addresses(std::string_view text) {
  std::vector<ListenAddress> out;
  for (const auto word : text::split(text, ',')) {
    const std::string address(text::trim(word));
    if (address == "localhost") {
      add(out, {"127.0.0.1", true});
      add(out, {"::1", true});
    } else if (is_address(address)) {
      add(out, {address, false});
    } else {
      return fail(Code::kInvalidArgument, address + " is not a valid IP", {});
    }
  }
  return out;
}

bool port_listens(const std::vector<ListenAddress>& addresses, const std::vector<bool>& listens) {
  bool optional = false, any = false;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (!addresses[i].optional && !listens[i]) return false;
    optional = optional || addresses[i].optional;
    any = any || (addresses[i].optional && listens[i]);
  }
  return any || !optional;
}

}  // namespace podctl::cli
