#include "cli/metadata_change.hpp"

#include <algorithm>
#include <boost/json/object.hpp>

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

Failure refused(std::string what) { return fail(Code::kInvalidArgument, std::move(what), {}); }

bool is_pair(std::string_view word) {
  return (word.find('=') != std::string_view::npos && word[0] != '=') ||
         (word.ends_with('-') && word != "-");
}

std::string words(std::string_view a, const MetadataField& field, std::string_view b) {
  return std::string(a) + std::string(field.one) + std::string(b);
}

Result<void> add_pair(const MetadataField& field, const std::string& pair, MetadataChange& change) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string::npos) {
    change.removed.push_back(pair.substr(0, pair.size() - 1));
    return {};
  }
  if (!field.value_may_equal && pair.find('=', equals + 1) != std::string::npos)
    return refused(words("invalid ", field, " spec: ") + pair);
  change.set[pair.substr(0, equals)] = pair.substr(equals + 1);
  return {};
}

// The members of the patch: what is set to another value, what is there and goes.
json::object differences(const MetadataField& field, const MetadataChange& change, View object) {
  const View there = object["metadata"][field.name];
  json::object out;
  for (const auto& [key, value] : change.set) {
    if (!there[key] || there[key].str() != value) out[key] = value;
  }
  for (const auto& key : change.removed) {
    if (there[key]) out[key] = nullptr;
  }
  return out;
}

}  // namespace

const MetadataField kLabels{"labels", "label", "labeled", false, true};
const MetadataField kAnnotations{"annotations", "annotation", "annotated", true, false};

Result<LabelOperands> part_operands(const MetadataField& field,
                                    const std::vector<std::string>& operands) {
  LabelOperands parted;
  for (const std::string& word : operands) {
    if (is_pair(word)) {
      parted.pairs.push_back(word);
    } else if (parted.pairs.empty()) {
      parted.objects.push_back(word);
    } else {
      return refused(words("all resources must be specified before ", field, " changes: ") + word);
    }
  }
  return parted;
}

Result<MetadataChange> parse_change(const MetadataField& field,
                                    const std::vector<std::string>& pairs) {
  MetadataChange change;
  for (const std::string& pair : pairs) TRY(add_pair(field, pair, change));
  for (const std::string& key : change.removed) {
    if (change.set.contains(key))
      return refused(words("can not both modify and remove the ", field, " '") + key +
                     "' in the same command");
  }
  return change;
}

Result<void> overwrites_nothing(const MetadataField& field, const MetadataChange& change,
                                View object) {
  std::string taken;
  for (const auto& [key, value] : change.set) {
    const View there = object["metadata"][field.name][key];
    if (!there || there.str() == value) continue;
    taken += (taken.empty() ? "'" : ", '") + key + "' already has a value (" +
             std::string(there.str()) + ")";
  }
  if (taken.empty()) return {};
  return refused(taken + ", and --overwrite is false");
}

json::value patch_of(const MetadataField& field, const MetadataChange& change, View object) {
  json::object members = differences(field, change, object);
  if (members.empty()) return nullptr;
  json::object metadata;
  metadata[field.name] = std::move(members);
  json::object patch;
  patch["metadata"] = std::move(metadata);
  return patch;
}

json::value changed(const MetadataField& field, const MetadataChange& change, json::value object) {
  json::object members = differences(field, change, View(object));
  auto& there = object.as_object()["metadata"].as_object()[field.name];
  if (!there.is_object()) there = json::object();
  for (const auto& [key, value] : members) {
    if (value.is_null()) {
      there.as_object().erase(key);
    } else {
      there.as_object()[key] = value;
    }
  }
  return object;
}

std::string change_word(const MetadataField& field, const MetadataChange& change, bool anything) {
  const std::string done(field.done);
  if (!field.tells_what_changed) return done;
  if (!anything) return "not " + done;
  return change.set.empty() ? "un" + done : done;
}

}  // namespace podctl::cli
