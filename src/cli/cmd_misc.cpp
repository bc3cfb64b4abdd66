// explain, version, completion, api-resources, help, and the hidden commands behind completion and
// man.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "podctl/api/encode.hpp"
#include "podctl/api/explain.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/commands.hpp"
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

// Completion must be quick and start nothing: only a podctld that runs is asked.
std::vector<std::string> names_at(const std::string& socket, const std::string& target) {
  std::vector<std::string> names;
  auto client = Client::connect(socket);
  if (!client) return names;
  Request request;
  request.target = target;
  auto reply = client->request(request);
  if (!reply || !reply->ok()) return names;
  auto list = parse_json_value(reply->body);
  if (!list) return names;
  for (const auto& item : View(*list)["items"].items()) {
    View o(item);
    if (auto name = o["metadata"]["name"].str(); !name.empty()) names.emplace_back(name);
    for (const auto& image : o["names"].items()) names.emplace_back(View(image).str());
  }
  return names;
}

std::vector<std::string> containers_at(const std::string& socket, const Candidates& candidates,
                                       const std::string& ns) {
  std::vector<std::string> names;
  if (candidates.so_far.operands.empty()) return names;
  auto client = Client::connect(socket);
  auto pod = parse_pod(candidates.so_far.operands[0]);
  if (!client || !pod) return names;
  Request request;
  request.target = pods_path(ns, *pod);
  auto reply = client->request(request);
  if (!reply || !reply->ok()) return names;
  auto object = parse_json_value(reply->body);
  if (!object) return names;
  for (const char* list : {"containers", "initContainers"}) {
    for (const auto& c : View(*object)["spec"][list].items())
      names.emplace_back(View(c)["name"].str());
  }
  return names;
}

std::vector<std::string> dynamic_words(const Candidates& candidates) {
  const Layout layout = Layout::from(candidates.so_far.get("root"));
  const std::string ns(candidates.so_far.get("namespace", "default"));
  switch (candidates.dynamic) {
    case Completes::kFile:
      return {":file"};
    case Completes::kPod:
      return names_at(layout.socket(), pods_path(ns));
    case Completes::kNamespace:
      return names_at(layout.socket(), "/api/v1/namespaces");
    case Completes::kImage:
      return names_at(layout.socket(), podctl_path("/images"));
    case Completes::kContainer:
      return containers_at(layout.socket(), candidates, ns);
    case Completes::kPodType:
      return {std::string(pods().plural)};
    case Completes::kResource: {
      std::vector<std::string> names;
      for (const Resource& r : resources()) names.emplace_back(r.plural);
      return names;
    }
    default:
      return {};
  }
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
    auto client = in.connect();
    if (!client) return in.failed(client.error());
    Request request;
    request.target = "/version";
    auto reply = client->request(request);
    if (!reply) return in.failed(reply.error());
    if (!reply->ok()) return in.refused(*reply);
    auto server = parse_json_value(reply->body);
    if (!server || !server->is_object()) return in.failed("podctld's version is no object");
    server->as_object()["pid"] = client->peer_pid();
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

int run_complete(Invocation& in) {
  std::vector<std::string_view> words(in.args.after_dashes.begin(), in.args.after_dashes.end());
  Candidates candidates = complete(root_command(), words);
  std::string text;
  for (const std::string& word : dynamic_words(candidates)) text += word + "\n";
  const std::string_view typed = words.empty() ? std::string_view() : words.back();
  for (const std::string& word : candidates.words) {
    if (word.starts_with(typed)) text += word + "\n";
  }
  in.out(text);
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
