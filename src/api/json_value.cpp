// Between trees and boost::json values.
#include <boost/json.hpp>

#include "podctl/api/decode.hpp"

namespace podctl::api {

Tree to_tree(const boost::json::value& value) {
  using K = Tree::Kind;
  Tree tree;
  switch (value.kind()) {
    case boost::json::kind::null:
      break;
    case boost::json::kind::bool_:
      tree.kind = K::kBool;
      tree.boolean = value.get_bool();
      tree.text = tree.boolean ? "true" : "false";
      break;
    case boost::json::kind::int64:
      tree.kind = K::kInt;
      tree.integer = value.get_int64();
      tree.number = static_cast<double>(tree.integer);
      tree.text = std::to_string(tree.integer);
      break;
    case boost::json::kind::uint64:
      tree.kind = K::kFloat;
      tree.number = static_cast<double>(value.get_uint64());
      tree.text = std::to_string(value.get_uint64());
      break;
    case boost::json::kind::double_:
      tree.kind = K::kFloat;
      tree.number = value.get_double();
      tree.text = boost::json::serialize(value);
      break;
    case boost::json::kind::string:
      tree.kind = K::kString;
      tree.text = value.get_string();
      break;
    case boost::json::kind::array:
      tree.kind = K::kList;
      for (const auto& item : value.get_array()) tree.items.push_back(to_tree(item));
      break;
    case boost::json::kind::object:
      tree.kind = K::kMap;
      for (const auto& [key, item] : value.get_object()) {
        tree.entries.push_back({std::string(key), {}, to_tree(item)});
      }
      break;
  }
  return tree;
}

boost::json::value to_value(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::kNull:
      return nullptr;
    case Tree::Kind::kBool:
      return tree.boolean;
    case Tree::Kind::kInt:
      return tree.integer;
    case Tree::Kind::kFloat:
      return tree.number;
    case Tree::Kind::kString:
      return boost::json::value(tree.text);
    case Tree::Kind::kList: {
      boost::json::array list;
      for (const Tree& item : tree.items) list.push_back(to_value(item));
      return list;
    }
    case Tree::Kind::kMap:
      break;
  }
  boost::json::object map;
  for (const TreeEntry& e : tree.entries) map[e.key] = to_value(e.value);
  return map;
}

}  // namespace podctl::api
