// What is read of the machine: the parts that are pure.
#include <gtest/gtest.h>

#include "podctl/node/machine.hpp"

namespace podctl::node {
namespace {

TEST(Machine, ANodesNameIsASubdomainWhateverTheHostIsCalled) {
  const struct {
    const char *hostname, *name;
  } cases[] = {
      {"web1", "web1"},        {"Web.Example.ORG", "web.example.org"},
      {"my_box", "my-box"},    {"(none)", "none"},  // what the kernel says before anyone named it
      {"-a-.b..c.", "a.b.c"},  {"", "localhost"},
      {"___", "localhost"},    {"\xc3\xbc", "localhost"},
  };
  for (const auto& c : cases) EXPECT_EQ(node_name(c.hostname), c.name) << c.hostname;
}

}  // namespace
}  // namespace podctl::node
