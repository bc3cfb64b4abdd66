#include <gtest/gtest.h>

#include "mutate.hpp"
#include "podctl/sys/passwd.hpp"

namespace podctl::sys {
namespace {

// An image's passwd and group, and the user that it asks for: three texts, parted by NUL.
TEST(FuzzSysPasswd, AnyUserIsFoundOrRefused) {
  using namespace std::string_literals;
  const std::vector<std::string> seeds = {
      "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001::/home/ann:/bin/sh\n\0ann:x:1001:\ndisk:x:6:ann,bob\n\0ann"s,
      "ann:x:1000:1001::/home/ann:\n\0ann:x:1001:\nwheel:x:10:ann\n\0ann:wheel"s,
      "\0\0004294967295:4294967295"s, "a:x:-1:0::/:\n:::::\n\0b:x:y:a\n\0:"s};
  fuzz::run(seeds, [](const std::string& text) {
    const auto first = std::min(text.find('\0'), text.size());
    const auto second = std::min(text.find('\0', first + 1), text.size());
    const auto rest = [&](std::size_t at) { return std::min(at + 1, text.size()); };
    const std::string_view all = text;
    const auto database =
        UserDatabase::parse(all.substr(0, first), all.substr(rest(first), second - rest(first)));
    const auto who = identify(all.substr(rest(second)), database);
    if (!who) {
      EXPECT_FALSE(who.error().message().empty());
      return;
    }
    // One that means "leave it as it is" to setuid would leave root.
    EXPECT_NE(who->uid, 4294967295U) << text;
    EXPECT_NE(who->gid, 4294967295U) << text;
    for (const auto group : who->groups) EXPECT_NE(group, 4294967295U) << text;
  });
}

}  // namespace
}  // namespace podctl::sys
