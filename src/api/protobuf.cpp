#include "podctl/api/protobuf.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <span>

#include "api/base64.hpp"
#include "podctl/base/utf8.hpp"

namespace podctl::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kMagic("k8s\0", 4);

struct Number {
  std::uint32_t number;
  std::string_view name;  // of the field in JSON
};
constexpr Number kConfigMap[] = {{1, "metadata"}, {2, "data"}, {3, "binaryData"}, {4, "immutable"}};
constexpr Number kSecret[] = {
    {1, "metadata"}, {2, "data"}, {3, "type"}, {4, "stringData"}, {5, "immutable"}};
constexpr Number kObjectMeta[] = {{1, "name"},         {2, "generateName"},     {3, "namespace"},
                                  {5, "uid"},          {6, "resourceVersion"},  {11, "labels"},
                                  {12, "annotations"}, {13, "ownerReferences"}, {14, "finalizers"}};
constexpr Number kOwnerReference[] = {{1, "kind"},       {3, "name"},
                                      {4, "uid"},        {5, "apiVersion"},
                                      {6, "controller"}, {7, "blockOwnerDeletion"}};

std::span<const Number> numbers_of(const Type& type) {
  if (type.name == "ConfigMap") return kConfigMap;
  if (type.name == "Secret") return kSecret;
  if (type.name == "ObjectMeta") return kObjectMeta;
  if (type.name == "OwnerReference") return kOwnerReference;
  return {};
}

Failure broken(std::string why) {
  return fail(Code::kCorrupt, "read protobuf", {}, std::move(why));
}

// One field of a message: a number, or bytes.
struct Piece {
  std::uint32_t number = 0;
  bool is_bytes = false;
  std::uint64_t value = 0;
  std::string_view bytes;
};

class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  // The next field; nothing at the end.
  Result<std::optional<Piece>> next() {
    if (rest_.empty()) return std::nullopt;
    const std::uint64_t key = TRY(varint());
    Piece piece{.number = static_cast<std::uint32_t>(key >> 3)};
    switch (key & 7) {
      case 0:
        piece.value = TRY(varint());
        return piece;
      case 1:
        TRY(take(8));
        return piece;
      case 2:
        piece.is_bytes = true;
        piece.bytes = TRY(take(TRY(varint())));
        return piece;
      case 5:
        TRY(take(4));
        return piece;
      default:
        return broken("a field has a form that there is not");
    }
  }

 private:
  Result<std::uint64_t> varint() {
    constexpr int kBits = 64;
    std::uint64_t value = 0;
    for (int shift = 0; shift < kBits && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    return broken("a number is cut off or too long");
  }

  Result<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) return broken("a field is cut off");
    const auto bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  std::string_view rest_;
};

Result<json::string> string_of(std::string_view bytes) {
  if (utf8::well_formed(std::string(bytes)) != bytes) return broken("a text is not UTF-8");
  return json::string(bytes);
}

Result<json::string> scalar(const Field& field, std::string_view bytes) {
  if (field.kind == Kind::kBytes) return json::string(base64_encode(bytes));
  return string_of(bytes);
}

// An entry of a map is a message of a key and a value.
Result<void> add_entry(const Field& field, std::string_view bytes, json::value& map) {
  if (!map.is_object()) map.emplace_object();
  Message entry(bytes);
  std::string_view key, value;
  while (const auto piece = TRY(entry.next())) {
    if (piece->number == 1) key = piece->bytes;
    if (piece->number == 2) value = piece->bytes;
  }
  map.get_object()[TRY(string_of(key))] = TRY(scalar(field, value));
  return {};
}

Result<json::object> object_of(const Type& type, std::string_view bytes);

Result<void> add(const Field& field, const Piece& piece, json::object& into) {
  if (field.kind == Kind::kBool || field.kind == Kind::kInt32 || field.kind == Kind::kInt64) {
    if (piece.is_bytes) return broken("\"" + std::string(field.name) + "\" is no number");
    into[field.name] = field.kind == Kind::kBool
                           ? json::value(piece.value != 0)
                           : json::value(static_cast<std::int64_t>(piece.value));
    return {};
  }
  if (!piece.is_bytes) return broken("\"" + std::string(field.name) + "\" is a number");
  if (field.shape == Shape::kMap) return add_entry(field, piece.bytes, into[field.name]);
  json::value value = field.kind == Kind::kStruct
                          ? json::value(TRY(object_of(field.type(), piece.bytes)))
                          : json::value(TRY(scalar(field, piece.bytes)));
  if (field.shape != Shape::kList) {
    into[field.name] = std::move(value);
    return {};
  }
  json::value& list = into[field.name];
  if (!list.is_array()) list.emplace_array();
  list.get_array().push_back(std::move(value));
  return {};
}

Result<json::object> object_of(const Type& type, std::string_view bytes) {
  json::object object;
  Message message(bytes);
  while (const auto piece = TRY(message.next())) {
    for (const Number& known : numbers_of(type)) {
      const Field* field = known.number == piece->number ? type.find(known.name) : nullptr;
      if (field != nullptr) TRY(add(*field, *piece, object));
    }
  }
  return object;
}

// apiVersion and kind, of which the envelope tells.
Result<void> add_type(std::string_view bytes, json::object& into) {
  Message message(bytes);
  while (const auto piece = TRY(message.next())) {
    if (piece->number == 1) into["apiVersion"] = TRY(string_of(piece->bytes));
    if (piece->number == 2) into["kind"] = TRY(string_of(piece->bytes));
  }
  return {};
}

}  // namespace

bool has_protobuf(const Type& type) { return !numbers_of(type).empty(); }

Result<std::string> protobuf_to_json(const Type& type, std::string_view body) {
  if (!body.starts_with(kMagic)) return broken("it does not begin as Kubernetes' objects do");
  Message envelope(body.substr(kMagic.size()));
  json::object object, said;
  while (const auto piece = TRY(envelope.next())) {
    if (piece->number == 1) TRY(add_type(piece->bytes, said));
    if (piece->number == 2) object = TRY(object_of(type, piece->bytes));
  }
  for (auto& [name, value] : said) object[name] = std::move(value);
  return json::serialize(object);
}

}  // namespace podctl::api
