// The keys that leave an attach: how they are written, and what of the typed is passed on.
#include <gtest/gtest.h>

#include "cli/detach_keys.hpp"

namespace podctl::cli {
namespace {

TEST(CliDetach, KeysAreTheBytesOfATerminal) {
  EXPECT_EQ(parse_detach_keys("ctrl-p,ctrl-q").value(), "\x10\x11");
  EXPECT_EQ(parse_detach_keys("ctrl-@,ctrl-[,a,Z").value(), std::string("\0\x1b"
                                                                        "aZ",
                                                                        4));
  EXPECT_EQ(parse_detach_keys("").value(), "");
  for (const char* wrong : {"ctrl-", "ctrl-A", "ctrl-1", "ab", "a,,b", "ctrl-p,", "CTRL-p"})
    EXPECT_FALSE(parse_detach_keys(wrong)) << wrong;
}

// What is passed on of what is typed piece by piece, and whether that left.
std::pair<std::string, bool> typed(std::string keys, std::initializer_list<const char*> pieces) {
  DetachFilter filter(std::move(keys));
  std::string out;
  for (const char* piece : pieces) out += filter.pass(piece);
  return {out, filter.detached()};
}

TEST(CliDetach, OnlyTheWholeSequenceLeaves) {
  using Typed = std::pair<std::string, bool>;
  EXPECT_EQ(typed("pq", {"ab", "p", "q", "cd"}), Typed("ab", true));
  EXPECT_EQ(typed("pq", {"apbq"}), Typed("apbq", false));
  EXPECT_EQ(typed("pq", {"ppq"}), Typed("p", true));
  EXPECT_EQ(typed("pq", {"ap"}), Typed("a", false));  // held back
  EXPECT_EQ(typed("aab", {"a", "a", "a", "b"}), Typed("a", true));
  EXPECT_EQ(typed("", {"pq"}), Typed("pq", false));
}

}  // namespace
}  // namespace podctl::cli
