// cp's file specs, as kubectl reads them.
#include <gtest/gtest.h>

#include "cli/copy_spec.hpp"

namespace podctl::cli {
namespace {

TEST(CliCopy, FileSpecs) {
  const struct {
    const char *text, *ns, *pod, *path;
  } kRows[] = {
      {"file", "", "", "file"},
      {"web:/etc/hosts", "", "web", "/etc/hosts"},
      {"web:log", "", "web", "log"},
      {"team/web:/a:b", "team", "web", "/a:b"},
      {"./odd:name", "", "", "./odd:name"},
      {"/odd:name", "", "", "/odd:name"},
  };
  for (const auto& row : kRows) {
    const auto spec = parse_file_spec(row.text);
    ASSERT_TRUE(spec) << row.text;
    EXPECT_EQ(spec->ns, row.ns) << row.text;
    EXPECT_EQ(spec->pod, row.pod) << row.text;
    EXPECT_EQ(spec->path, row.path) << row.text;
  }
  for (const char* text : {"", "web:", ":/a", "a/b/c:/d", "ns/:/a"})
    EXPECT_FALSE(parse_file_spec(text)) << text;
}

TEST(CliCopy, BaseNames) {
  EXPECT_EQ(base_name("/var/log/"), "log");
  EXPECT_EQ(base_name("log"), "log");
  EXPECT_EQ(base_name("/"), "");
  EXPECT_EQ(base_name("a/.."), "");
}

TEST(CliCopy, Places) {
  const struct {
    bool is_file;
    const char *source, *target;
    bool target_is_directory;
    const char *directory, *name;
  } kRows[] = {
      // A file
      {true, "/var/app.log", "there", false, ".", "there"},
      {true, "/var/app.log", "a/there", false, "a/", "there"},
      {true, "/var/app.log", "/there", false, "/", "there"},
      {true, "/var/app.log", "there", true, "there", "app.log"},
      {true, "/var/app.log", "there/", false, "there/", "app.log"},
      {true, "/var/app.log", "..", false, ".", ""},
      // A directory becomes what is not there, and goes into a directory that is.
      {false, "/var/log", "there", false, "there", "."},
      {false, "/var/log", "there/", false, "there/", "."},
      {false, "/var/log", "there", true, "there", "log"},
      {false, "log", ".", true, ".", "log"},
      // Its content is asked for.
      {false, "/var/log/", "there", true, "there", "."},
      {false, "/var/log/.", "there", true, "there", "."},
      {false, "/", "there", true, "there", "."},
      {false, "..", "there", true, "there", "."},
  };
  for (const auto& row : kRows) {
    const auto place = copy_place(row.is_file, row.source, row.target, row.target_is_directory);
    EXPECT_EQ(place.directory, row.directory) << row.source << " to " << row.target;
    EXPECT_EQ(place.name, row.name) << row.source << " to " << row.target;
  }
}

}  // namespace
}  // namespace podctl::cli
