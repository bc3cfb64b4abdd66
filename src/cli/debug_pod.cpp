#include "cli/debug_pod.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

constexpr std::array kLists = {"initContainers", "containers", "ephemeralContainers"};

bool has_container(View pod, std::string_view name) {
  for (const char* list : kLists) {
    for (const auto& container : pod["spec"][list].items()) {
      if (View(container)["name"].str() == name) return true;
    }
  }
  return false;
}

json::object capabilities(std::initializer_list<std::string_view> added) {
  json::array add;
  for (const auto name : added) add.emplace_back(name);
  return {{"capabilities", json::object{{"add", std::move(add)}}}};
}

json::object security_of(std::string_view profile) {
  if (profile == "general") return capabilities({"SYS_PTRACE"});
  if (profile == "netadmin") return capabilities({"NET_ADMIN", "NET_RAW"});
  if (profile == "sysadmin") return {{"privileged", true}};
  if (profile == "restricted") {
    return {{"runAsNonRoot", true},
            {"allowPrivilegeEscalation", false},
            {"capabilities", json::object{{"drop", json::array{"ALL"}}}},
            {"seccompProfile", json::object{{"type", "RuntimeDefault"}}}};
  }
  return {};  // baseline: what every container has
}

Failure wrong(std::string text) { return fail(Code::kInvalidArgument, std::move(text), {}); }

// What the wish says of a container that is there, or of a new one.
Result<void> fill(json::object& container, const DebugWish& wish) {
  if (!wish.image.empty()) container["image"] = wish.image;
  if (!wish.pull_policy.empty()) container["imagePullPolicy"] = wish.pull_policy;
  if (!wish.command.empty()) {
    json::array words;
    for (const auto& word : wish.command) words.emplace_back(word);
    container["command"] = std::move(words);
    container.erase("args");
  }
  if (wish.in) container["stdin"] = true;
  if (wish.tty) container["tty"] = true;
  json::array env;
  for (const auto& variable : wish.env) {
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos)
      return wrong("invalid argument \"" + variable + "\" for --env: NAME=VALUE is expected");
    env.push_back(
        json::object{{"name", variable.substr(0, equals)}, {"value", variable.substr(equals + 1)}});
  }
  if (!env.empty()) container["env"] = std::move(env);
  return {};
}

Result<json::object> new_container(const DebugWish& wish) {
  json::object container{{"name", wish.name}};
  TRY(fill(container, wish));
  if (auto security = security_of(wish.profile); !security.empty())
    container["securityContext"] = std::move(security);
  return container;
}

json::object metadata_of(View pod, const DebugWish& wish) {
  json::object meta{{"name", wish.copy}, {"namespace", pod["metadata"]["namespace"].str()}};
  for (auto [keep, field] :
       {std::pair{wish.keep_labels, "labels"}, {wish.keep_annotations, "annotations"}}) {
    if (keep && pod["metadata"][field]) meta[field] = *pod["metadata"][field].get();
  }
  return meta;
}

void drop_probes(json::object& spec) {
  for (const char* list : {"initContainers", "containers"}) {
    auto* all = spec.if_contains(list);
    if (all == nullptr || !all->is_array()) continue;
    for (auto& container : all->get_array()) {
      for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
        container.as_object().erase(probe);
    }
  }
}

json::object* find(json::object& spec, std::string_view name) {
  for (const char* list : {"containers", "initContainers"}) {
    auto* all = spec.if_contains(list);
    if (all == nullptr || !all->is_array()) continue;
    for (auto& container : all->get_array()) {
      if (View(container)["name"].str() == name) return &container.as_object();
    }
  }
  return nullptr;
}

Result<void> set_images(json::object& spec, const DebugWish& wish) {
  for (const auto& word : wish.set_images) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == word.size())
      return wrong("invalid --set-image \"" + word + "\": CONTAINER=IMAGE is expected");
    const std::string name = word.substr(0, equals), image = word.substr(equals + 1);
    bool any = false;
    for (auto& container : spec["containers"].as_array()) {
      if (name != "*" && View(container)["name"].str() != name) continue;
      container.as_object()["image"] = image;
      any = true;
    }
    if (!any) return wrong("unable to find image for container \"" + name + "\"");
  }
  return {};
}

}  // namespace

std::string debugger_name(View pod) {
  static constexpr std::string_view kLetters =
      "bcdfghjklmnpqrstvwxz2456789";  // no words come of it
  for (;;) {
    std::array<unsigned char, 5> random{};
    (void)::getrandom(random.data(), random.size(), 0);  // too few bytes are a name as well
    std::string name = "debugger-";
    for (const unsigned char c : random) name += kLetters[c % kLetters.size()];
    if (!has_container(pod, name)) return name;
  }
}

Result<json::object> ephemeral_container(const DebugWish& wish) {
  json::object container = TRY(new_container(wish));
  if (!wish.target.empty()) container["targetContainerName"] = wish.target;
  return container;
}

Result<json::object> debug_copy(const json::value& pod, const DebugWish& wish) {
  json::object spec = pod.at("spec").as_object();
  spec.erase("ephemeralContainers");
  spec.erase("nodeName");
  if (!wish.keep_init) spec.erase("initContainers");
  if (!wish.keep_probes) drop_probes(spec);
  if (wish.share_processes) spec["shareProcessNamespace"] = true;
  TRY(set_images(spec, wish));
  if (auto* there = find(spec, wish.name)) {
    TRY(fill(*there, wish));
  } else if (!wish.image.empty()) {
    spec["containers"].as_array().push_back(TRY(new_container(wish)));
  } else if (wish.set_images.empty()) {
    return wrong("you must specify an existing container or a new image when specifying args.");
  }
  return json::object{{"apiVersion", "v1"},
                      {"kind", "Pod"},
                      {"metadata", metadata_of(pod, wish)},
                      {"spec", std::move(spec)}};
}

}  // namespace podctl::cli
