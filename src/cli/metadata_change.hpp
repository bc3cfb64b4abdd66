// What `label` and `annotate` are told to change, in kubectl's spelling: KEY=VALUE and KEY-.
//
// Used by those two commands. Pure; all errors are kInvalidArgument in kubectl's words.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

// The two maps of metadata, and the words that are used of them.
struct MetadataField {
  std::string_view name;            // "labels"
  std::string_view one;             // "label"
  std::string_view done;            // "labeled"
  bool value_may_equal = false;     // an annotation's value may hold "="
  bool tells_what_changed = false;  // "not labeled", "unlabeled"; annotate always says one word
};
extern const MetadataField kLabels, kAnnotations;

struct MetadataChange {
  std::map<std::string, std::string> set;
  std::vector<std::string> removed;
};

// The operands, parted where the first KEY=VALUE or KEY- stands.
struct LabelOperands {
  std::vector<std::string> objects, pairs;
};
Result<LabelOperands> part_operands(const MetadataField& field,
                                    const std::vector<std::string>& operands);
Result<MetadataChange> parse_change(const MetadataField& field,
                                    const std::vector<std::string>& pairs);

// Refuses to replace a value by another one.
Result<void> overwrites_nothing(const MetadataField& field, const MetadataChange& change,
                                View object);

// The change as a JSON merge patch (RFC 7386) of this object; null when the object is so already.
boost::json::value patch_of(const MetadataField& field, const MetadataChange& change, View object);
// The object after the change.
boost::json::value changed(const MetadataField& field, const MetadataChange& change,
                           boost::json::value object);
// "labeled", "unlabeled", "not labeled", "annotated".
std::string change_word(const MetadataField& field, const MetadataChange& change, bool anything);

}  // namespace podctl::cli
