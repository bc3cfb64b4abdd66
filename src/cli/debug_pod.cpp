#include "cli/debug_pod.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "podctl/api/container.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/three_way.hpp"
#include "podctl/api/tree.hpp"
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

json::object& child(json::object& object, std::string_view name) {
  json::value& there = object[name];
  if (!there.is_object()) there.emplace_object();
  return there.get_object();
}

void add_capabilities(json::object& container, std::initializer_list<std::string_view> names) {
  json::value& add = child(child(container, "securityContext"), "capabilities")["add"];
  if (!add.is_array()) add.emplace_array();
  for (const auto name : names) add.get_array().emplace_back(name);
}

// What a profile makes of a container, and of one that is there already.
void apply_profile(json::object& container, std::string_view profile) {
  if (profile == "baseline" || profile == "restricted") container.erase("securityContext");
  if (profile == "general") add_capabilities(container, {"SYS_PTRACE"});
  if (profile == "netadmin") add_capabilities(container, {"NET_ADMIN", "NET_RAW"});
  if (profile == "sysadmin") child(container, "securityContext")["privileged"] = true;
  if (profile == "restricted") {
    container["securityContext"] = {{"runAsNonRoot", true},
                                    {"allowPrivilegeEscalation", false},
                                    {"capabilities", json::object{{"drop", json::array{"ALL"}}}},
                                    {"seccompProfile", json::object{{"type", "RuntimeDefault"}}}};
  }
}

Failure wrong(std::string text) { return fail(Code::kInvalidArgument, std::move(text), {}); }

// What the wish says of a container that is there, or of a new one.
Result<void> fill(json::object& container, const DebugWish& wish) {
  if (!wish.image.empty()) container["image"] = wish.image;
  if (!wish.pull_policy.empty()) container["imagePullPolicy"] = wish.pull_policy;
  if (!wish.command.empty()) {
    json::array words;
    for (const auto& word : wish.command) words.emplace_back(word);
    if (!wish.arguments_only) container.erase("args");
    container[wish.arguments_only ? "args" : "command"] = std::move(words);
  }
  container.erase("stdin");
  container.erase("tty");
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

// The profile, and what the user's own file says over it.
void shape(json::object& container, const DebugWish& wish) {
  apply_profile(container, wish.profile);
  container = api::three_way({}, wish.custom, std::move(container)).as_object();
}

// The legacy profile takes only the labels away.
json::object metadata_of(View pod, const DebugWish& wish, bool shaped) {
  const bool legacy = wish.profile == "legacy";
  const bool labels = !shaped || (wish.keep_labels && !legacy);
  const bool annotations = !shaped || wish.keep_annotations || legacy;
  json::object meta{{"name", wish.copy}, {"namespace", pod["metadata"]["namespace"].str()}};
  for (auto [keep, field] : {std::pair{labels, "labels"}, {annotations, "annotations"}}) {
    if (keep && pod["metadata"][field]) meta[field] = *pod["metadata"][field].get();
  }
  return meta;
}

// Without what a copy that is looked into had better not have.
void strip(json::object& spec, const DebugWish& wish) {
  if (!wish.keep_init) spec.erase("initContainers");
  for (auto& container : spec["containers"].as_array()) {
    for (auto [keep, probe] : {std::pair{wish.keep_liveness, "livenessProbe"},
                               {wish.keep_readiness, "readinessProbe"},
                               {wish.keep_startup, "startupProbe"}}) {
      if (!keep) container.as_object().erase(probe);
    }
  }
  if (!spec.contains("shareProcessNamespace")) spec["shareProcessNamespace"] = true;
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

// The container that the copy is about, made where it is a new one; null when only images change.
Result<json::object*> container_of(json::object& spec, const DebugWish& wish) {
  if (auto* there = find(spec, wish.name)) return there;
  if (wish.image.empty()) {
    if (!wish.set_images.empty()) return static_cast<json::object*>(nullptr);
    return wrong("you must specify image when creating new container");
  }
  auto& list = spec["containers"].as_array();
  list.push_back(json::object{{"name", wish.name}});
  return &list.back().as_object();
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

std::vector<std::string> pairs_of(const std::vector<std::string_view>& words) {
  std::vector<std::string> pairs;
  for (const auto word : words) {
    if (std::count(word.begin(), word.end(), '=') == 1) {
      pairs.emplace_back(word);
      continue;
    }
    for (const auto part : text::split(word, ',')) pairs.emplace_back(part);
  }
  return pairs;
}

Result<json::object> custom_profile(std::string_view file, std::string_view text) {
  const api::Parsed parsed = api::parse_documents(text);
  const bool one = parsed.faults.empty() && parsed.documents.size() == 1;
  if (!one || !parsed.documents[0].is_map()) {
    return wrong(std::string(file) + " does not contain a valid container spec: " +
                 (parsed.faults.empty() ? "it is no object" : parsed.faults[0].text));
  }
  api::Container container;
  api::Faults faults;
  api::decode(parsed.documents[0], api::type_of<api::Container>(), &container, faults);
  if (!faults.empty()) {
    return wrong(std::string(file) + " does not contain a valid container spec: " +
                 faults[0].field + ": " + faults[0].text);
  }
  json::object custom = api::to_value(parsed.documents[0]).as_object();
  for (const char* field : {"name", "command", "image", "lifecycle", "volumeDevices"}) {
    if (!custom.contains(field)) continue;
    return wrong(
        "name, command, image, lifecycle and volume devices are not modifiable via custom "
        "profile");
  }
  return custom;
}

Result<json::object> ephemeral_container(const DebugWish& wish) {
  json::object container{{"name", wish.name}};
  TRY(fill(container, wish));
  shape(container, wish);
  if (!wish.target.empty()) container["targetContainerName"] = wish.target;
  return container;
}

Result<json::object> debug_copy(const json::value& pod, const DebugWish& wish) {
  json::object spec = pod.at("spec").as_object();
  spec.erase("ephemeralContainers");
  if (!wish.same_node) spec.erase("nodeName");
  if (wish.share_processes) spec["shareProcessNamespace"] = *wish.share_processes;
  TRY(set_images(spec, wish));
  auto* container = TRY(container_of(spec, wish));
  if (container != nullptr) {
    TRY(fill(*container, wish));
    shape(*container, wish);
    if (wish.profile != "legacy") strip(spec, wish);
  }
  return json::object{{"apiVersion", "v1"},
                      {"kind", "Pod"},
                      {"metadata", metadata_of(pod, wish, container != nullptr)},
                      {"spec", std::move(spec)}};
}

std::string user_warning(View pod_security, View container) {
  const View own = container["securityContext"];
  const View user = pod_security["runAsUser"];
  if (!user || user.num() == 0 || !own) return {};
  if (own["runAsUser"] && own["runAsUser"].num() == 0) return {};
  if (!own["privileged"].flag() && own["capabilities"]["add"].items().empty()) return {};
  return "Warning: Non-root user is configured for the entire target Pod, and some capabilities "
         "granted by debug profile may not work. Please consider using \"--custom\" with a custom "
         "profile that specifies \"securityContext.runAsUser: 0\".\n";
}

}  // namespace podctl::cli
