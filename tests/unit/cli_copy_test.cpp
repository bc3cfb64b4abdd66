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

}  // namespace
}  // namespace podctl::cli
