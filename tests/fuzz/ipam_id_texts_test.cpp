#include <gtest/gtest.h>

#include "mutate.hpp"
#include "podctl/ipam/id_ranges.hpp"

namespace podctl::ipam {
namespace {

// Files of /etc that anybody's tool writes, and maps of processes: whatever they say, a range has
// ids and ends with the last of them.
TEST(FuzzIdTexts, AnyTextGivesAwayIdsThatThereAre) {
  const std::vector<std::string> seeds = {"alice:100000:65536\nbob:165536:65536\n",
                                          "a:4294967295:4294967295\n:1:\n",
                                          "x:-1:5\n::::\n",
                                          "root:x:0:0:root:/root:/bin/sh\nad:x:1000001:1:::\n",
                                          "         0          0 4294967295\n",
                                          "         0     100000      65536\n 65536 1000 1\n"};
  fuzz::run(seeds, [](const std::string& text) {
    for (const auto& ranges : {allotments(text), accounts(text), mapped(text)}) {
      for (const IdRange& range : ranges) {
        EXPECT_GT(range.count, 0U);
        EXPECT_LE(std::uint64_t{range.first} + range.count, std::uint64_t{1} << 32) << text;
      }
    }
  });
}

}  // namespace
}  // namespace podctl::ipam
