// YAML through yaml-cpp's event interface. Limits are counted on events; the builder stops yaml-cpp
// with an exception of its own, which does not leave this file.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "api/reader.hpp"

namespace podctl::api::reader {
namespace {

struct Stop {
  Position at;
  std::string text;
};

constexpr std::string_view kTag = "tag:yaml.org,2002:";

class Builder : public YAML::EventHandler {
 public:
  Builder(std::uint32_t first_line, Budget& budget) : first_line_(first_line), budget_(budget) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Tree tree;
    tree.at = position(mark);
    add(std::move(tree), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Tree tree = scalar(tag, value, position(mark));
    bool plain = tag.empty() || tag == "?";
    if (plain && value == "<<" && !stack_.empty() && stack_.back().tree.is_map() &&
        !stack_.back().has_key) {
      stack_.back().merge = true;
    }
    add(std::move(tree), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{position(mark), "an anchor that contains itself"};
    budget_.nodes += found->second.nodes;  // so that an anchor around aliases counts them
    budget_.text += found->second.bytes;
    spend(found->second, position(mark), "aliases expand to");
    if (stack_.size() + found->second.depth > budget_.limits.depth) {
      throw Stop{position(mark), too_deep(budget_.limits)};
    }
    place(found->second.tree);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Tree::Kind::kList, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Tree::Kind::kMap, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  bool done() const { return done_; }
  Tree take() { return std::move(root_); }

 private:
  struct Frame {
    Tree tree;
    YAML::anchor_t anchor = 0;
    std::size_t first_node = 0;
    std::size_t first_byte = 0;
    std::size_t height = 1;
    bool has_key = false;
    bool merge = false;   // the pending key is <<
    bool merged = false;  // some entries came from a merge
    std::string key;
    Position key_at;
    std::unordered_set<std::string> keys;  // once merged: those written out, no duplicates of it
  };
  struct Anchor {
    Tree tree;
    std::size_t nodes = 1;
    std::size_t bytes = 0;
    std::size_t depth = 1;
  };

  Position position(const YAML::Mark& mark) const {
    return {first_line_ + static_cast<std::uint32_t>(mark.line < 0 ? 0 : mark.line),
            static_cast<std::uint32_t>(mark.column < 0 ? 0 : mark.column) + 1};
  }

  Tree scalar(const std::string& tag, const std::string& value, Position at) const {
    Tree tree;
    if (tag.empty() || tag == "?") {
      tree = resolve_scalar(value);
    } else if (tag == "!" || tag == std::string(kTag) + "str") {
      tree.kind = Tree::Kind::kString;
      tree.text = value;
    } else if (tag.rfind(kTag, 0) == 0 && tag != std::string(kTag) + "binary") {
      tree = resolve_scalar(value);
    } else {
      throw Stop{at, "unsupported tag \"" + tag + "\""};
    }
    tree.at = at;
    return tree;
  }

  void count(Position at) {
    if (++budget_.nodes > budget_.limits.nodes) throw Stop{at, too_many_nodes(budget_.limits)};
  }

  void open(Tree::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Position at = position(mark);
    count(at);
    if (stack_.size() >= budget_.limits.depth) throw Stop{at, too_deep(budget_.limits)};
    Frame frame;
    frame.tree.kind = kind;
    frame.tree.at = at;
    frame.anchor = anchor;
    frame.first_node = budget_.nodes;
    frame.first_byte = budget_.text;
    stack_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (!stack_.empty()) {
      stack_.back().height = std::max(stack_.back().height, frame.height + 1);
    }
    if (frame.anchor != 0) {
      remember(frame.anchor,
               {frame.tree, budget_.nodes - frame.first_node + 1, budget_.text - frame.first_byte,
                frame.height},
               frame.tree.at);
    }
    place(std::move(frame.tree));
  }

  // An anchor copies its subtree, so anchors spend the same budget as aliases.
  void remember(YAML::anchor_t id, Anchor anchor, Position at) {
    spend(anchor, at, "anchors hold");
    anchors_[id] = std::move(anchor);
  }

  void spend(const Anchor& anchor, Position at, const std::string& who) {
    const Limits& limits = budget_.limits;
    budget_.alias_nodes += anchor.nodes;
    budget_.alias_bytes += anchor.bytes;
    if (budget_.alias_nodes > limits.alias_nodes) {
      throw Stop{at, who + " more than " + std::to_string(limits.alias_nodes) + " values"};
    }
    if (budget_.alias_bytes > limits.alias_bytes) {
      throw Stop{at, who + " more than " + std::to_string(limits.alias_bytes) + " bytes"};
    }
  }

  void add(Tree tree, YAML::anchor_t anchor) {
    count(tree.at);
    budget_.text += tree.text.size();
    if (anchor != 0) remember(anchor, {tree, 1, tree.text.size(), 1}, tree.at);
    place(std::move(tree));
  }

  void place(Tree tree) {
    if (stack_.empty()) {
      root_ = std::move(tree);
      done_ = true;
      return;
    }
    Frame& frame = stack_.back();
    if (frame.tree.is_list()) {
      frame.tree.items.push_back(std::move(tree));
    } else if (!frame.has_key) {
      take_key(frame, tree);
    } else {
      frame.has_key = false;
      if (frame.merge) {
        frame.merge = false;
        merge(frame, tree);
      } else {
        put(frame, std::move(tree));
      }
    }
  }

  // A key is a string; numbers and bools become one, as in sigs.k8s.io/yaml.
  void take_key(Frame& frame, const Tree& key) {
    switch (key.kind) {
      case Tree::Kind::kString:
        frame.key = key.text;
        break;
      case Tree::Kind::kBool:
        frame.key = key.boolean ? "true" : "false";
        break;
      case Tree::Kind::kInt:
        frame.key = std::to_string(key.integer);
        break;
      case Tree::Kind::kFloat:
        frame.key = key.text;
        break;
      default:
        throw Stop{key.at,
                   "a map's key must be a string, not a " + std::string(kind_name(key.kind))};
    }
    frame.key_at = key.at;
    frame.has_key = true;
  }

  void put(Frame& frame, Tree value) {
    if (frame.merged && frame.keys.insert(frame.key).second) {
      for (TreeEntry& e : frame.tree.entries) {
        if (e.key != frame.key) continue;
        e = {frame.key, frame.key_at, std::move(value)};  // written out beats merged
        return;
      }
    }
    frame.tree.entries.push_back({std::move(frame.key), frame.key_at, std::move(value)});
  }

  void merge(Frame& frame, const Tree& value) {
    if (value.is_list()) {
      for (const Tree& item : value.items) merge(frame, item);
      return;
    }
    if (!value.is_map()) throw Stop{value.at, "map merge (<<) needs a map or a list of maps"};
    if (!std::exchange(frame.merged, true)) {
      for (const TreeEntry& e : frame.tree.entries) frame.keys.insert(e.key);
    }
    for (const TreeEntry& e : value.entries) {
      if (!frame.tree.find(e.key)) frame.tree.entries.push_back(e);
    }
  }

  std::uint32_t first_line_;
  Budget& budget_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  Tree root_;
  bool done_ = false;
};

// yaml-cpp's word for a tab in the indentation is about what follows it; this is about the tab.
Fault from_yaml_cpp(const YAML::Exception& e, std::string_view text, std::uint32_t first_line) {
  const auto line = static_cast<std::uint32_t>(std::max(e.mark.line, 0));
  for (std::uint32_t i = 0; i < line && !text.empty(); ++i) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  const std::size_t tab = text.find_first_not_of(' ');
  if (tab != std::string_view::npos && text[tab] == '\t') {
    return syntax({first_line + line, static_cast<std::uint32_t>(tab) + 1},
                  "a tab cannot indent YAML: use spaces");
  }
  return syntax({first_line + line, static_cast<std::uint32_t>(std::max(e.mark.column, 0)) + 1},
                e.msg);
}

}  // namespace

void read_yaml(std::string_view text, std::uint32_t first_line, Budget& budget, Parsed& out) {
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    for (;;) {
      Builder builder(first_line, budget);
      if (!parser.HandleNextDocument(builder)) return;
      if (builder.done()) out.documents.push_back(builder.take());
    }
  } catch (const Stop& stop) {
    out.faults.push_back(syntax(stop.at, stop.text));
  } catch (const YAML::Exception& e) {
    out.faults.push_back(from_yaml_cpp(e, text, first_line));
  } catch (const std::exception& e) {
    out.faults.push_back(syntax({first_line, 1}, std::string("not readable as YAML: ") + e.what()));
  }
}

}  // namespace podctl::api::reader
