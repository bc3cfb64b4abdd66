// The hidden command that the shells' completion scripts ask.
#include "podctl/api/explain.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/http.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

using Words = std::vector<std::string>;

// The types whose objects may be made and removed.
std::span<const Resource> changeable() {
  static const std::vector<Resource> kAll = [] {
    std::vector<Resource> all;
    for (const Resource& r : resources()) {
      if (r.verbs.find("delete") != std::string_view::npos) all.push_back(r);
    }
    return all;
  }();
  return kAll;
}

// Completion must be quick and start nothing: only a podctld that runs is asked.
class Names {
 public:
  explicit Names(const Candidates& candidates)
      : candidates_(candidates),
        socket_(Layout::from(candidates.so_far.get("root")).socket()),
        ns_(candidates.so_far.get("namespace", "default")) {}

  Words of(Completes what) const {
    switch (what) {
      case Completes::kFile:
        return {":file"};
      case Completes::kPod:
        return of_type(pods());
      case Completes::kName:
        return of_named_type();
      case Completes::kReference:
        return references(resources());
      case Completes::kNamespace:
        return listed("/api/v1/namespaces");
      case Completes::kImage:
        return listed(podctl_path("/images"));
      case Completes::kContainer:
        return containers();
      case Completes::kField:
        return api::complete_path(candidates_.typed);
      case Completes::kPodType:
        return references(changeable());
      case Completes::kResource:
        return references(resources());
      default:
        return {};
    }
  }

 private:
  std::optional<boost::json::value> ask(const std::string& target) const {
    auto client = Client::connect(socket_);
    if (!client) return std::nullopt;
    Request request;
    request.target = target;
    auto reply = client->request(request);
    if (!reply || !reply->ok()) return std::nullopt;
    auto body = parse_json_value(reply->body);
    if (!body) return std::nullopt;
    return std::move(*body);
  }

  Words listed(const std::string& target) const {
    Words names;
    const auto list = ask(target);
    if (!list) return names;
    for (const auto& item : View(*list)["items"].items()) {
      View o(item);
      if (auto name = o["metadata"]["name"].str(); !name.empty()) names.emplace_back(name);
      for (const auto& image : o["names"].items()) names.emplace_back(View(image).str());
    }
    return names;
  }

  Words of_type(const Resource& type) const {
    // "logs pod/web" is "logs web".
    if (candidates_.typed.find('/') != std::string::npos) return references({&type, 1});
    return listed(type.path(ns_));
  }

  // After "pods": names; after "pod/a": more references.
  Words of_named_type() const {
    const auto type = find_resource(candidates_.so_far.operands[0]);
    return type ? listed((*type)->path(ns_)) : references(resources());
  }

  // The types, and behind a slash the names of one.
  Words references(std::span<const Resource> types) const {
    Words words;
    const std::size_t slash = candidates_.typed.find('/');
    if (slash == std::string::npos) {
      const bool alone = candidates_.dynamic == Completes::kReference;
      for (const Resource& r : types)
        words.push_back(std::string(alone ? r.singular : r.plural) + (alone ? "/" : ""));
      return words;
    }
    const std::string type = candidates_.typed.substr(0, slash);
    if (const auto found = find_resource(type)) {
      for (const std::string& name : listed((*found)->path(ns_)))
        words.push_back(type + "/" + name);
    }
    return words;
  }

  Words containers() const {
    Words names;
    if (candidates_.so_far.operands.empty()) return names;
    const auto pod = parse_pod(candidates_.so_far.operands[0]);
    if (!pod) return names;
    const auto object = ask(pods_path(ns_, *pod));
    if (!object) return names;
    for (const char* list : {"containers", "initContainers"}) {
      for (const auto& c : View(*object)["spec"][list].items())
        names.emplace_back(View(c)["name"].str());
    }
    return names;
  }

  const Candidates& candidates_;
  std::string socket_, ns_;
};

}  // namespace

int run_complete(Invocation& in) {
  const std::vector<std::string_view> words(in.args.after_dashes.begin(),
                                            in.args.after_dashes.end());
  Candidates candidates = complete(root_command(), words);
  for (const std::string& name : Names(candidates).of(candidates.dynamic)) {
    candidates.words.push_back(name.starts_with(':') ? name : candidates.before + name);
  }
  const std::string_view typed = words.empty() ? std::string_view() : words.back();
  std::string text;
  for (const std::string& word : candidates.words) {
    if (word.starts_with(typed) || word == ":file") text += word + "\n";
  }
  in.out(text);
  return kDone;
}

}  // namespace podctl::cli
