#include "podctl/cli/resource.hpp"

#include "podctl/base/text.hpp"
#include "podctl/cli/http.hpp"

namespace podctl::cli {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

Failure refused(std::string what) { return fail(Code::kInvalidArgument, std::move(what), {}); }

Failure no_name() { return refused("resource name may not be empty"); }

}  // namespace

std::string Resource::path(std::string_view ns, std::string_view name) const {
  std::string path = "/api/v1";
  if (namespaced && !ns.empty()) path += "/namespaces/" + url_escape(ns);
  path += "/" + std::string(plural);
  if (!name.empty()) path += "/" + url_escape(name);
  return path;
}

std::span<const Resource> resources() {
  static const std::vector<Resource> kAll = [] {
    std::vector<Resource> all;
    for (const api::KindInfo& kind : api::kinds()) all.push_back({kind});
    return all;
  }();
  return kAll;
}

const Resource& resource_of(const api::KindInfo& kind) {
  return resources()[static_cast<std::size_t>(&kind - api::kinds().data())];
}

const Resource& pods() { return resources().front(); }

Result<const Resource*> find_resource(std::string_view as_written) {
  const std::string word = lower(as_written);
  if (word == "all") return &pods();  // the category of what runs
  std::vector<std::string_view> names;
  for (const Resource& r : resources()) {
    if (word.empty()) break;
    if (word == r.plural || word == r.singular || word == r.short_name) return &r;
    names.push_back(r.plural);
  }
  auto near = text::nearest(word, names);
  return fail(Code::kInvalidArgument,
              "the server doesn't have a resource type \"" + std::string(as_written) + "\"", {},
              near ? "did you mean \"" + std::string(*near) + "\"?" : "see 'podctl api-resources'");
}

Result<std::vector<ObjectRef>> parse_refs(const std::vector<std::string>& words) {
  std::vector<ObjectRef> refs;
  if (words.empty()) return refs;
  if (words[0].find('/') != std::string::npos) {
    for (const std::string& word : words) {
      const auto parts = text::split(word, '/');
      if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
        return fail(Code::kInvalidArgument, "there is no TYPE/NAME in \"" + word + "\"", {});
      }
      refs.push_back({TRY(find_resource(parts[0])), std::string(parts[1]), {}});
    }
    return refs;
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].empty()) return no_name();
  }
  for (std::string_view type : text::split(words[0], ',')) {
    const Resource* resource = TRY(find_resource(type));
    if (words.size() == 1) refs.push_back({resource, {}, {}});
    for (std::size_t i = 1; i < words.size(); ++i) refs.push_back({resource, words[i], {}});
  }
  return refs;
}

Result<void> check_operands(const std::vector<std::string>& words,
                            const std::vector<ObjectRef>& refs, ChosenBy by) {
  if (words.empty()) return {};
  const bool pairs = words[0].find('/') != std::string::npos;  // TYPE/NAME
  if (by.files) {
    return refused(pairs ? "resource/name arguments cannot be provided when paths, URLs, or stdin "
                           "is provided as input"
                         : "when paths, URLs, or stdin is provided as input, you may not specify "
                           "resource arguments as well");
  }
  for (const ObjectRef& ref : refs) {
    if (ref.name.empty()) continue;
    if (by.selector) {
      return refused(pairs ? "selectors and the all flag cannot be used when passing resource/name "
                             "arguments"
                           : "name cannot be provided when a selector is specified");
    }
    if (by.all_namespaces && ref.resource->namespaced)
      return refused("a resource cannot be retrieved by name across all namespaces");
  }
  return {};
}

Result<std::string> parse_pod(std::string_view word) {
  if (word.empty()) return no_name();
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos) return std::string(word);
  const Resource* resource = TRY(find_resource(word.substr(0, slash)));
  if (resource != &pods()) {
    return fail(Code::kInvalidArgument, "\"" + std::string(word) + "\" is not a pod", {});
  }
  if (slash + 1 == word.size()) return no_name();
  return std::string(word.substr(slash + 1));
}

}  // namespace podctl::cli
