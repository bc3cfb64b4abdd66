// explain, version, completion, api-resources, help, and the hidden command behind the man page.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "podctl/api/encode.hpp"
#include "podctl/api/explain.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/daemon.hpp"
#include "podctl/cli/http.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/version.hpp"

namespace podctl::cli {
namespace {

boost::json::object client_version() {
  return {{"gitVersion", std::string("v") + std::string(kVersion)},
          {"kubernetes", kKubernetesVersion}};
}

}  // namespace

int run_explain(Invocation& in) {
  auto text = api::explain(in.args.operands[0], in.args.flag("recursive"));
  if (!text) return in.failed(text.error());
  in.out(*text);
  return kDone;
}

int run_version(Invocation& in) {
  const bool client_only = in.args.flag("client");
  boost::json::object versions{{"client", client_version()}};
  if (!client_only) {
    Request request;
    request.target = "/version";
    const auto asked = ask_or_start(in.layout, request);
    if (!asked) return in.failed(asked.error());
    const auto& [client, reply] = *asked;
    if (!reply.ok()) return in.refused(reply);
    auto server = parse_json_value(reply.body);
    if (!server || !server->is_object()) return in.failed("podctld's version is no object");
    server->as_object()["pid"] = client.peer_pid();
    versions["server"] = std::move(*server);
  }
  const std::string_view format = in.args.get("output");
  if (format == "json") {
    in.out(api::to_pretty_json(versions));
  } else if (format == "yaml") {
    in.out(api::to_yaml(versions));
  } else {
    in.out("Client Version: v" + std::string(kVersion) + "\n");
    if (const auto* server = versions.if_contains("server")) {
      in.out("Server Version: " + std::string(View(*server)["gitVersion"].str()) + "\n");
    }
  }
  return kDone;
}

int run_completion(Invocation& in) {
  auto script = completion_script(in.args.operands[0]);
  if (!script) return in.usage(script.error().message());
  in.out(*script);
  return kDone;
}

int run_api_resources(Invocation& in) {
  Table table{{"NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS"}, {}};
  for (const Resource& r : resources()) {
    table.rows.push_back({std::string(r.plural), std::string(r.short_name), "v1",
                          r.namespaced ? "true" : "false", std::string(r.kind),
                          std::string(r.verbs)});
  }
  in.out(table.str());
  return kDone;
}

int run_help(Invocation& in) {
  std::vector<std::string_view> words(in.args.operands.begin(), in.args.operands.end());
  words.emplace_back("--help");
  auto parsed = parse(root_command(), words);
  if (!parsed) return in.usage(parsed.error().message());
  const Command& command = parsed->command != nullptr ? *parsed->command : root_command();
  in.out(help_text(root_command(), command, parsed->path));
  return kDone;
}

int run_man(Invocation& in) {
  in.out(man_page(root_command(), kVersion));
  return kDone;
}

}  // namespace podctl::cli
