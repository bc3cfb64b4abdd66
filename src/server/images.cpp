// Images: list, inspect, load, import, remove; the store's blocking work runs on workers.
#include <fcntl.h>

#include <algorithm>
#include <boost/json.hpp>

#include "handlers.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;

template <class List>
json::array to_array(const List& list) {
  json::array out;
  for (const auto& item : list) out.emplace_back(item);
  return out;
}

std::string created_text(std::int64_t seconds) {
  return seconds == 0 ? "" : api::Time(seconds).str();
}

json::object to_object(const image::Image& image) {
  return {{"id", image.id},
          {"digest", image.digest},
          {"names", to_array(image.names)},
          {"size", image.size},
          {"created", created_text(image.created)},
          {"layers", to_array(image.layers)}};
}

// A JSON array of strings, or one plain string taken as one word per blank.
node::Answer<std::vector<std::string>> words(const Query& query, const char* name) {
  const auto values = query.all(name);
  std::vector<std::string> out;
  for (const auto& value : values) {
    if (value.empty() || value[0] != '[') {
      out.push_back(value);
      continue;
    }
    boost::system::error_code error;
    const auto parsed = json::parse(value, error);
    if (error || !parsed.is_array()) {
      return node::Refused(node::bad_request(std::string(name) + ": not a JSON array: " + value));
    }
    for (const auto& item : parsed.get_array()) {
      if (!item.is_string())
        return node::Refused(node::bad_request(std::string(name) + ": strings only"));
      out.emplace_back(item.get_string());
    }
  }
  return out;
}

node::Answer<void> check_config(const image::ImageConfig& config) {
  auto wrong = [](const std::string& what) { return node::Refused(node::bad_request(what)); };
  for (const auto& env : config.env) {
    const auto equals = env.find('=');
    if (equals == std::string::npos || equals == 0)
      return wrong("env: must be NAME=VALUE, not \"" + env + "\"");
  }
  for (const auto& port : config.exposed_ports) {
    const auto slash = port.find('/');
    const auto number = text::parse_u64(std::string_view(port).substr(0, slash));
    const auto protocol = port.substr(slash + 1);
    const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
    if (!number || *number < 1 || *number > 65535 || !known)
      return wrong("expose: must be PORT[/tcp|udp|sctp], not \"" + port + "\"");
  }
  if (!config.workdir.empty() && config.workdir[0] != '/')
    return wrong("workdir: must be an absolute path, not \"" + config.workdir + "\"");
  return {};
}

node::Answer<image::ImageConfig> import_config(const Query& query) {
  image::ImageConfig config;
  for (auto [name, list] :
       {std::pair{"cmd", &config.cmd}, std::pair{"entrypoint", &config.entrypoint},
        std::pair{"env", &config.env}, std::pair{"expose", &config.exposed_ports}}) {
    auto parsed = words(query, name);
    if (!parsed) return node::Refused(parsed.error());
    *list = std::move(*parsed);
  }
  for (auto& port : config.exposed_ports) {
    if (port.find('/') == std::string::npos) port += "/tcp";
  }
  config.user = query.get_or("user", "");
  config.workdir = query.get_or("workdir", "");
  config.stop_signal = query.get_or("stopSignal", "");
  if (auto good = check_config(config); !good) return node::Refused(good.error());
  return config;
}

// Runs `job` on a worker and answers with its JSON; images that came are told to waiting pods.
void offload(node::Node& node, const ExchangePtr& exchange,
             std::function<Result<std::string>()> job) {
  node.context().offload.run([&node, exchange, job = std::move(job)]() -> std::function<void()> {
    auto result = job();
    return [&node, exchange, result = std::move(result)] {
      if (!result) return exchange->refuse(result.error());
      node.images_changed();
      exchange->reply({200, *result + "\n"});
    };
  });
}

// An archive that breaks its format is the sender's fault, not the store's.
template <class T>
Result<T> of_upload(Result<T> result) {
  if (!result && result.error().code == Code::kCorrupt) {
    result.error().code = Code::kInvalidArgument;
  }
  return result;
}

// What the sender calls the archive, for messages about it.
std::string label(const Query& query) { return query.get_or("source", "archive"); }

void load(node::Node& node, const ExchangePtr& exchange) {
  offload(node, exchange,
          [&node, path = exchange->request().upload,
           name = label(exchange->request().target.query)]() -> Result<std::string> {
            UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
            if (!fd) return fail_errno(errno, "open upload", path);
            const auto names = TRY(of_upload(node.images().load_archive(fd.get(), name)));
            return json::serialize(json::object{{"loaded", to_array(names)}});
          });
}

void import(node::Node& node, const ExchangePtr& exchange) {
  const auto& query = exchange->request().target.query;
  auto config = import_config(query);
  if (!config) return exchange->refuse(config.error());
  offload(node, exchange,
          [&node, path = exchange->request().upload, name = query.get_or("name", ""),
           source = label(query), config = std::move(*config)]() -> Result<std::string> {
            UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
            if (!fd) return fail_errno(errno, "open upload", path);
            return json::serialize(to_object(
                TRY(of_upload(node.images().import_rootfs(fd.get(), name, config, source)))));
          });
}

void remove(node::Node& node, const ExchangePtr& exchange) {
  const auto name = exchange->request().target.query.get_or("name", "");
  const auto found = node.images().resolve(name);
  if (!found) return exchange->refuse(found.error());
  const auto& names = found->names;
  if (node.has_embedded_image() &&
      std::find(names.begin(), names.end(), image::kEmbeddedImage) != names.end()) {
    return exchange->refuse(Error{
        Code::kFailedPrecondition, 0, "remove image", "\"" + name + "\"", "it is built in", {}});
  }
  // Asked on the loop: the workers of pods live there.
  const bool used = node.image_in_use(found->id);
  offload(node, exchange, [&node, name, used]() -> Result<std::string> {
    return json::serialize(
        to_object(TRY(node.images().remove(name, [used](const std::string&) { return used; }))));
  });
}

}  // namespace

void handle_images(node::Node& node, const ExchangePtr& exchange) {
  const auto& request = exchange->request();
  if (request.method == "GET") {
    json::array items;
    for (const auto& image : node.images().list()) items.push_back(to_object(image));
    return exchange->reply(
        {200, json::serialize(json::object{{"items", std::move(items)}}) + "\n"});
  }
  if (request.method == "DELETE") return remove(node, exchange);
  if (request.method != "POST") return refuse_method(exchange);
  const auto action = request.target.query.get_or("action", "");
  if (action == "load") return load(node, exchange);
  if (action == "import") return import(node, exchange);
  exchange->refuse(
      node::bad_request("action must be \"load\" or \"import\", not \"" + action + "\""));
}

void inspect_image(node::Node& node, const ExchangePtr& exchange) {
  const auto text = node.images().inspect(exchange->request().target.query.get_or("name", ""));
  if (!text) return exchange->refuse(text.error());
  exchange->reply({200, *text + "\n"});
}

}  // namespace podctl::server
