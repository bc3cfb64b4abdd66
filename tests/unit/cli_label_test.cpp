// What label and annotate are told, and what they make of an object.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/metadata_change.hpp"

namespace podctl::cli {
namespace {

using testing::ElementsAre;

MetadataChange change(const MetadataField& field, std::vector<std::string> pairs) {
  return parse_change(field, pairs).value();
}

std::string refusal(const MetadataField& field, std::vector<std::string> pairs) {
  auto parsed = parse_change(field, pairs);
  return parsed ? "" : parsed.error().message();
}

TEST(Label, OperandsArePartedAtTheFirstChange) {
  const auto parted = part_operands(kLabels, {"pod", "web", "a=b", "c-"}).value();
  EXPECT_THAT(parted.objects, ElementsAre("pod", "web"));
  EXPECT_THAT(parted.pairs, ElementsAre("a=b", "c-"));
  EXPECT_EQ(part_operands(kLabels, {"pod", "a=b", "web"}).error().message(),
            "all resources must be specified before label changes: web");
}

TEST(Label, ChangesAreReadAsKubectlDoes) {
  const auto c = change(kLabels, {"a=b", "empty=", "gone-"});
  EXPECT_EQ(c.set.at("a"), "b");
  EXPECT_EQ(c.set.at("empty"), "");
  EXPECT_THAT(c.removed, ElementsAre("gone"));
  EXPECT_EQ(refusal(kLabels, {"a=b=c"}), "invalid label spec: a=b=c");
  EXPECT_EQ(change(kAnnotations, {"a=b=c-"}).set.at("a"), "b=c-");
  EXPECT_EQ(refusal(kLabels, {"a=b", "a-"}),
            "can not both modify and remove the label 'a' in the same command");
}

TEST(Label, AnObjectGetsWhatDiffersAlone) {
  const auto object = boost::json::parse(R"({"metadata": {"labels": {"a": "1", "b": "2"}}})");
  auto patch = [&](std::vector<std::string> pairs) {
    return boost::json::serialize(patch_of(kLabels, change(kLabels, pairs), View(object)));
  };
  EXPECT_EQ(patch({"a=1", "none-"}), "null");
  EXPECT_EQ(patch({"a=1", "c=3", "b-"}), R"({"metadata":{"labels":{"c":"3","b":null}}})");
  EXPECT_EQ(boost::json::serialize(changed(kLabels, change(kLabels, {"c=3", "b-"}), object)),
            R"({"metadata":{"labels":{"a":"1","c":"3"}}})");
  EXPECT_EQ(
      overwrites_nothing(kLabels, change(kLabels, {"a=9", "b=2"}), View(object)).error().message(),
      "'a' already has a value (1), and --overwrite is false");
}

TEST(Label, SaysWhatItDid) {
  EXPECT_EQ(change_word(kLabels, change(kLabels, {"a=1"}), true), "labeled");
  EXPECT_EQ(change_word(kLabels, change(kLabels, {"a-"}), true), "unlabeled");
  EXPECT_EQ(change_word(kLabels, change(kLabels, {"a-"}), false), "not labeled");
  EXPECT_EQ(change_word(kAnnotations, change(kAnnotations, {"a-"}), false), "annotated");
}

}  // namespace
}  // namespace podctl::cli
