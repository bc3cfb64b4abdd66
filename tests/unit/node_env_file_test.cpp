// Files of variables: what a key's value is, and which line is none.
#include <gtest/gtest.h>

#include "node/env_file.hpp"

namespace podctl::node {
namespace {

std::string of(const std::string& text, const std::string& key = "A") {
  const auto value = env_file_value(text, key);
  if (!value) return "fault: " + value.error().message();
  return *value ? "[" + **value + "]" : "none";
}

TEST(EnvFile, ValuesStandInSingleQuotes) {
  EXPECT_EQ(of(""), "none");
  EXPECT_EQ(of("A='1'"), "[1]");
  EXPECT_EQ(of("\n  # A='0'\n\tA='a \"b\" $c \\n' # end\nB='2'\n"), "[a \"b\" $c \\n]");
  EXPECT_EQ(of("B='x\nA=no\n'\nA='yes'"), "[yes]");
  EXPECT_EQ(of("A='two\nlines'"), "[two\nlines]");
  EXPECT_EQ(of("A=''"), "[]");
  EXPECT_EQ(of("A= 'x'"), "[]");
  EXPECT_EQ(of("A='1'\nA='2'"), "[1]");
}

TEST(EnvFile, WhatIsNoLineIsNamed) {
  const std::string lead = "fault: invalid environment variable format at line ";
  EXPECT_EQ(of("\nexport"), lead + "2: missing '='");
  EXPECT_EQ(of("='x'"), lead + "1: empty variable name");
  EXPECT_EQ(of("A ='x'"), lead + "1: whitespace before '=' is not allowed");
  EXPECT_EQ(of("A=x"), lead + "1: value must be enclosed in single quotes");
  EXPECT_EQ(of("A='x' y"), lead + "1: unexpected content after closing quote");
  EXPECT_EQ(of("B='x\ny\n"), lead + "1: unclosed single quote");
}

}  // namespace
}  // namespace podctl::node
