// Lists and watches: the same for every kind.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "handlers.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/base/text.hpp"
#include "selection.hpp"
#include "table.hpp"

namespace podctl::server {
namespace {

constexpr std::size_t kSlowWatcher = 8U
                                     << 20;  // bytes a client may lag behind before it is dropped

// Where the objects of a type are: of one that is only kept, unless said otherwise.
template <class T>
struct Kind {
  static const auto& all(node::Objects& objects) { return objects.kept(api::kind_of<T>()); }
  static std::shared_ptr<const T> object(const node::KeptRecord& record) {
    return std::static_pointer_cast<const T>(record.object);
  }
};
template <>
struct Kind<api::Pod> {
  static const auto& all(node::Objects& objects) { return objects.pods(); }
  static std::shared_ptr<const api::Pod> object(const node::PodRecord& record) {
    return record.object;
  }
};
template <>
struct Kind<api::Event> {
  static const auto& all(node::Objects& objects) { return objects.events(); }
  static std::shared_ptr<const api::Event> object(const node::EventRecord& record) {
    return record.decode();
  }
};

template <class T>
std::string kind_name() {
  return std::string(api::kind_of<T>().kind);
}

// Whether an object may match at all, by its text: what is asked for by name or uid stands in it
// as it is. Spares the decoding of most events when a pod is described.
bool may_match(const Selection& selection, const node::Key& key, const std::string& json) {
  if (!selection.ns.empty() && key.first != selection.ns) return false;
  for (const char* field : {"involvedObject.uid", "involvedObject.name"}) {
    const auto* value = selection.fields.required(field);
    if (value != nullptr && text::valid_id(*value) && json.find(*value) == std::string::npos)
      return false;
  }
  return true;
}

// The record's object when it is selected, else null.
template <class T, class Record>
std::shared_ptr<const T> selected(const Selection& selection, const node::Key& key,
                                  const Record& record) {
  if (!may_match(selection, key, *record.json)) return nullptr;
  auto object = Kind<T>::object(record);
  return selection.matches(*object) ? object : nullptr;
}

template <class T>
void list(node::Node& node, const ExchangePtr& exchange, const Selection& selection) {
  const auto& request = exchange->request();
  const auto asked = request.target.query.get_or("limit", "0");
  const auto limit_given = text::parse_u64(asked);
  if (!limit_given)
    return exchange->refuse(node::bad_request("limit: Invalid value: \"" + asked + "\""));
  const auto limit = *limit_given;
  const auto after =
      request.target.query.get_or("continue", "");  // "<namespace>/<name>" of the last one shown
  if (!after.empty() && after.find('/') == std::string::npos)
    return exchange->refuse(node::bad_request("continue key is not valid: \"" + after + "\""));
  const bool table = wants_table(request);
  const auto version = node.objects().version();
  TableText<T> rows(version, include_object(request));
  std::vector<const std::string*> items;
  std::string last;
  std::size_t count = 0, size = 0;
  bool more = false;
  for (const auto& [key, record] : Kind<T>::all(node.objects())) {
    const std::string place = key.first + "/" + key.second;
    const auto slash = after.find('/');
    if (!after.empty() && key <= node::Key(after.substr(0, slash), after.substr(slash + 1)))
      continue;
    const auto object = selected<T>(selection, key, record);
    if (!object) continue;
    if (limit > 0 && count == limit) {
      more = true;
      break;
    }
    last = place;
    if (table) {
      rows.add(*object);
    } else {
      items.push_back(record.json.get());
      size += record.json->size() + 1;
    }
    ++count;
  }
  if (table) {
    return exchange->reply({200, std::move(rows).str(more ? last : std::string()) + "\n"});
  }
  std::string body;
  body.reserve(size + 512);  // a long list is copied once, not with every doubling
  body += "{\"kind\":\"" + kind_name<T>() +
          "List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" +
          std::to_string(version) + "\"";
  if (more) body += ",\"continue\":\"" + last + "\"";
  body += "},\"items\":[";
  for (std::size_t i = 0; i < items.size(); ++i) body.append(i == 0 ? "" : ",").append(*items[i]);
  exchange->reply({200, std::move(body) + "]}\n"});
}

template <class T>
void delete_chosen(node::Node& node, const ExchangePtr& exchange, const Route& route,
                   const std::function<void(const std::string& name)>& remove) {
  const auto selection = parse_selection<T>(exchange->request().target.query, route.ns);
  if (!selection) return exchange->refuse(selection.error());
  std::vector<std::string> names;
  std::string items;
  for (const auto& [key, record] : Kind<T>::all(node.objects())) {
    if (!selected<T>(*selection, key, record)) continue;
    names.push_back(key.second);
    items += (items.empty() ? "" : ",") + *record.json;
  }
  for (const auto& name : names) remove(name);
  exchange->reply({200, "{\"kind\":\"" + kind_name<T>() +
                            "List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" +
                            std::to_string(node.objects().version()) + "\"},\"items\":[" + items +
                            "]}\n"});
}

// One client that follows changes; keeps itself alive through the stream's callbacks.
template <class T>
class Watch : public std::enable_shared_from_this<Watch<T>> {
 public:
  Watch(node::Node& node, Selection selection, const Request& request)
      : node_(node),
        timer_(node.context().io),
        selection_(std::move(selection)),
        table_(wants_table(request)),
        include_(include_object(request)) {}

  // `bookmark`: the end of the present is told, as client-go's reflectors ask for.
  void begin(std::shared_ptr<Stream> stream, const std::vector<node::Change>& past,
             bool with_present, bool bookmark) {
    stream_ = std::move(stream);
    auto self = this->shared_from_this();
    stream_->on_close([self] { self->close(); });
    if (with_present) {
      for (const auto& [key, record] : Kind<T>::all(node_.objects())) {
        if (const auto object = selected<T>(selection_, key, record))
          send("ADDED", *object, *record.json);
      }
    }
    for (const auto& change : past) replay(change);
    if (bookmark) tell_initial_end();
    beginning_ = stream_ ? stream_->pending() : 0;
    id_ = node_.objects().hub().watch(
        [self](const node::Change& change) { self->on_change(change); });
  }

  void end_after(std::uint64_t seconds) {
    constexpr std::uint64_t kYear =
        365 * 24 * 3600;  // a clock holds no more than some hundred of them
    timer_.expires_after(std::chrono::seconds(std::min(seconds, kYear)));
    timer_.async_wait([weak = this->weak_from_this()](boost::system::error_code error) {
      auto self = weak.lock();
      if (!error && self && self->stream_) self->stream_->end();
    });
  }

 private:
  void replay(const node::Change& change) {
    if (change.kind != kind_name<T>()) return;
    T object;
    if (!api::decode_json(*change.json, object).empty() || !selection_.matches(object)) return;
    send(node::change_name(change.type), object, *change.json);
  }

  // An object that begins or ceases to match is added or deleted for this watcher, as in
  // Kubernetes.
  void on_change(const node::Change& change) {
    if (change.kind != kind_name<T>() || !stream_) return;
    const auto& object = *std::static_pointer_cast<const T>(change.object);
    const bool now = change.type != node::ChangeType::kDeleted && selection_.matches(object);
    const auto before_object = std::static_pointer_cast<const T>(change.previous);
    const bool before = before_object && selection_.matches(*before_object);
    if (!now && !before) return;
    send(!now ? "DELETED" : before ? "MODIFIED" : "ADDED", object, *change.json);
  }

  void tell_initial_end() {
    stream_->write(R"({"type":"BOOKMARK","object":{"kind":")" + kind_name<T>() +
                   R"(","apiVersion":"v1","metadata":{"resourceVersion":")" +
                   std::to_string(node_.objects().version()) +
                   R"(","annotations":{"k8s.io/initial-events-end":"true"}}}})" + "\n");
  }

  void send(const char* type, const T& object, const std::string& json) {
    if (!stream_) return;
    if (stream_->pending() <= kSlowWatcher) beginning_ = 0;
    if (id_ && stream_->pending() > kSlowWatcher + beginning_) return stream_->end();
    std::string line = std::string("{\"type\":\"") + type + "\",\"object\":";
    if (table_) {
      line += table_of(object, node_.objects().version(), include_);
    } else {
      line += json;
    }
    stream_->write(line + "}\n");
  }

  void close() {
    node_.objects().hub().unwatch(id_);
    timer_.cancel();
    stream_.reset();
  }

  node::Node& node_;
  boost::asio::steady_timer timer_;
  Selection selection_;
  bool table_;
  std::string include_;
  std::shared_ptr<Stream> stream_;
  std::uint64_t id_ = 0;       // 0: what it begins with is still being told
  std::size_t beginning_ = 0;  // bytes that it began with, which nobody could have read yet
};

// How a watch begins. `sendInitialEvents` (KEP-3157) has the present told whatever version is
// named, or not at all; without it the present is told where no version is.
struct Beginning {
  bool present = false, bookmark = false;
};

node::Answer<Beginning> beginning(const Query& query) {
  const auto from = query.get_or("resourceVersion", "");
  Beginning begin{.present = from.empty() || from == "0"};
  const auto asked = query.get("sendInitialEvents");
  if (!asked) return begin;
  if (query.get_or("resourceVersionMatch", "") != "NotOlderThan") {
    return node::Refused(node::invalid(
        "ListOptions.meta.k8s.io", "",
        {{"FieldValueForbidden",
          "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
          "resourceVersionMatch"}}));
  }
  begin.present = query.flag("sendInitialEvents");
  begin.bookmark = begin.present && query.flag("allowWatchBookmarks");
  return begin;
}

// As the API server's watch cache, which waits for it in vain.
node::Refusal too_large_version(std::uint64_t asked, std::uint64_t now) {
  return {504,
          "Timeout",
          "Timeout: Too large resource version: " + std::to_string(asked) +
              ", current: " + std::to_string(now),
          {},
          {},
          {}};
}

template <class T>
void watch(node::Node& node, const ExchangePtr& exchange, Selection selection) {
  const auto& query = exchange->request().target.query;
  const auto begin = beginning(query);
  if (!begin) return exchange->refuse(begin.error());
  const auto from = query.get_or("resourceVersion", "");
  std::vector<node::Change> past;
  if (!begin->present && !from.empty() && from != "0") {
    const auto version = text::parse_u64(from);
    if (!version)
      return exchange->refuse(
          node::bad_request("Invalid value: \"" + from + "\": resourceVersion"));
    if (const auto now = node.objects().version(); *version > now)
      return exchange->refuse(too_large_version(*version, now));
    auto changes = node.objects().hub().since(*version);
    if (!changes) {
      return exchange->refuse(node::expired("too old resource version: " + from + " (" +
                                            std::to_string(node.objects().version()) + ")"));
    }
    past = std::move(*changes);
  }
  auto watcher = std::make_shared<Watch<T>>(node, std::move(selection), exchange->request());
  const auto seconds = text::parse_u64(query.get_or("timeoutSeconds", "0")).value_or(0);
  watcher->begin(exchange->stream("application/json"), past, begin->present, begin->bookmark);
  if (seconds > 0) watcher->end_after(seconds);
}

template <class T>
void list_or_watch(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto& query = exchange->request().target.query;
  auto selection = parse_selection<T>(query, route.ns);
  if (!selection) return exchange->refuse(selection.error());
  if (query.flag("watch")) return watch<T>(node, exchange, std::move(*selection));
  list<T>(node, exchange, *selection);
}

}  // namespace

void list_pods(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  list_or_watch<api::Pod>(node, exchange, route);
}

void list_events(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  list_or_watch<api::Event>(node, exchange, route);
}

void list_kept(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  api::with_kept_type(*route.resource, [&]<class T>() { list_or_watch<T>(node, exchange, route); });
}

void delete_collection(node::Node& node, const ExchangePtr& exchange, const Route& route,
                       const std::function<void(const std::string& name)>& remove) {
  if (route.resource == nullptr) return delete_chosen<api::Pod>(node, exchange, route, remove);
  api::with_kept_type(*route.resource,
                      [&]<class T>() { delete_chosen<T>(node, exchange, route, remove); });
}

void get_event(node::Node& node, const ExchangePtr& exchange, const Route& route) {
  const auto* record = node.objects().find_event(route.ns, route.name);
  if (record == nullptr) return exchange->refuse(node::not_found("events", route.name));
  const auto& request = exchange->request();
  if (!wants_table(request)) return exchange->reply({200, *record->json + "\n"});
  exchange->reply(
      {200, table_of(*record->decode(), record->version, include_object(request)) + "\n"});
}

}  // namespace podctl::server
