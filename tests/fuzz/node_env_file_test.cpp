#include <gtest/gtest.h>

#include "mutate.hpp"
#include "node/env_file.hpp"

namespace podctl::node {
namespace {

// Whatever an init container leaves: a value is a stretch of its file, or it is refused.
TEST(FuzzNodeEnvFile, ValuesStandInTheFile) {
  const std::vector<std::string> seeds = {"A='1'\n# x\n B='two\nlines' # end\n", "A= 'x'\nA='y'",
                                          "A=''\r\n\r\nKEY='value'\n"};
  fuzz::run(seeds, [](const std::string& text) {
    for (const char* key : {"A", "B", "KEY"}) {
      const auto value = env_file_value(text, key);
      if (!value || !*value) continue;
      EXPECT_NE(text.find(**value), std::string::npos);
      EXPECT_EQ((*value)->find('\''), std::string::npos);
    }
  });
}

}  // namespace
}  // namespace podctl::node
