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
      out.push_back({"127.0.0.1", true});
      out.push_back({"::1", true});
    } else if (is_address(address)) {
      out.push_back({address, false});
    } else {
      return fail(Code::kInvalidArgument, address + " is not a valid IP", {});
    }
  }
  return out;
}

}  // namespace podctl::cli
