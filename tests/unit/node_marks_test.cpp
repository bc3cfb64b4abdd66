// Labels and annotations that somebody has set on the Node object, and the file that keeps them.
#include "node/node_marks.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "scratch.hpp"

namespace podctl::node {
namespace {

class Marks : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(layout_.lib()); }
  void TearDown() override { std::filesystem::remove_all(root_); }

  const std::string root_ = scratch_directory("marks");
  const Layout layout_ = Layout::from(root_);
};

TEST_F(Marks, AreKept) {
  EXPECT_TRUE(read_marks(layout_)->labels.empty());
  ASSERT_TRUE(write_marks(layout_, {{{"disk", "ssd"}, {"empty", ""}}, {{"note", "a \"b\"\n"}}}));
  const auto marks = read_marks(layout_);
  ASSERT_TRUE(marks);
  EXPECT_EQ(marks->labels, (std::map<std::string, std::string>{{"disk", "ssd"}, {"empty", ""}}));
  EXPECT_EQ(marks->annotations.at("note"), "a \"b\"\n");
}

TEST_F(Marks, AFileThatIsNotOurs) {
  for (const char* text : {"", "[", "[]", "1"}) {
    std::ofstream(layout_.lib() + "/node_marks") << text;
    EXPECT_FALSE(read_marks(layout_)) << text;
  }
  std::ofstream(layout_.lib() + "/node_marks") << R"({"labels": {"a": 1, "b": "c"}, "other": 3})";
  EXPECT_EQ(read_marks(layout_)->labels, (std::map<std::string, std::string>{{"b", "c"}}));
}

TEST_F(Marks, DoNotHideTheMachine) {
  const auto labels = node_labels("here", {{{"kubernetes.io/os", "bsd"}, {"disk", "ssd"}}, {}});
  EXPECT_EQ(labels.at("kubernetes.io/os"), "linux");
  EXPECT_EQ(labels.at("disk"), "ssd");
}

TEST_F(Marks, WhatCouldNotBeReadAgainIsNotWritten) {
  ASSERT_TRUE(write_marks(layout_, {{{"disk", "ssd"}}, {}}));
  const auto written = write_marks(layout_, {{}, {{"note", std::string(5U << 20U, 'x')}}});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kInvalidArgument);
  EXPECT_EQ(read_marks(layout_)->labels.at("disk"), "ssd");
}

}  // namespace
}  // namespace podctl::node
