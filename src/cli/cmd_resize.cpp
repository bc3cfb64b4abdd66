// resize: what a container may have of cpu and memory, while it runs.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/pod_actions.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

// "cpu=500m,memory=64Mi", as kubectl's set resources reads it.
Result<json::object> amounts(std::string_view option, std::string_view text) {
  json::object out;
  for (const auto part : text::split(text, ',')) {
    const auto equals = part.find('=');
    const std::string name(part.substr(0, equals));
    if (equals == std::string_view::npos || (name != "cpu" && name != "memory")) {
      return fail(Code::kInvalidArgument,
                  "invalid argument \"" + std::string(part) + "\" for --" + std::string(option) +
                      ": write cpu=QUANTITY or memory=QUANTITY",
                  {});
    }
    const std::string value(part.substr(equals + 1));
    if (auto quantity = api::Quantity::parse(value); !quantity)
      return fail(Code::kInvalidArgument, name + "=" + value + ": " + quantity.error().detail, {});
    out[name] = value;
  }
  return out;
}

Result<json::object> wanted(Invocation& in) {
  json::object resources;
  for (const char* option : {"limits", "requests"}) {
    const auto text = in.args.get(option);
    if (!text.empty()) resources[option] = TRY(amounts(option, text));
  }
  if (resources.empty())
    return fail(Code::kInvalidArgument, "say what it shall have: --limits or --requests", {});
  return resources;
}

// The list of the spec that the container stands in, and its name.
Result<std::pair<std::string, std::string>> chosen(Invocation& in, View pod) {
  std::string name(in.args.get("container"));
  const auto containers = pod["spec"]["containers"].items();
  if (name.empty() && containers.size() == 1) name = View(containers.front())["name"].str();
  if (name.empty()) {
    std::vector<std::string> names;
    for (const auto& c : containers) names.emplace_back(View(c)["name"].str());
    return fail(Code::kInvalidArgument,
                "a container name must be specified for pod " +
                    std::string(pod["metadata"]["name"].str()) + ", choose one of: [" +
                    text::join(names, " ") + "]",
                {});
  }
  for (const char* list : {"containers", "initContainers"}) {
    for (const auto& c : pod["spec"][list].items()) {
      if (View(c)["name"].str() == name) return std::pair{std::string(list), name};
    }
  }
  return fail(
      Code::kNotFound,
      "container " + name + " not found in pod " + std::string(pod["metadata"]["name"].str()), {});
}

}  // namespace

int run_resize(Invocation& in) {
  std::string name = in.args.operands.front();
  for (const char* type : {"pods/", "pod/", "po/"}) {
    if (name.starts_with(type)) name.erase(0, std::string_view(type).size());
  }
  auto resources = wanted(in);
  if (!resources) return in.usage(resources.error().message());
  const std::string path = pods_path(in.ns(), name);
  const auto pod = in.fetch(path);
  if (!pod) return in.failed(pod.error());
  const auto where = chosen(in, *pod);
  if (!where) return in.failed(where.error());
  json::object container{{"name", where->second}, {"resources", std::move(*resources)}};
  Request request;
  request.method = "PATCH";
  request.target = path + "/resize";
  request.content_type = "application/strategic-merge-patch+json";
  request.body = json::serialize(
      json::object{{"spec", json::object{{where->first, json::array{std::move(container)}}}}});
  const auto reply = in.call(request);
  if (!reply) return in.failed(reply.error());
  if (!reply->ok()) return in.failed(refusal_text(*reply));
  in.warn(*reply);
  in.out("pod/" + name + " resized\n");
  return kDone;
}

}  // namespace podctl::cli
