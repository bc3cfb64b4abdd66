#include <gtest/gtest.h>

#include "podctl/image/reference.hpp"

namespace podctl::image {
namespace {

const std::string kHex(64, 'a');

struct Case {
  std::string text, whole, familiar;
};

TEST(Reference, IsNormalisedAsKubernetesShowsIt) {
  const Case cases[] = {
      {"nginx", "docker.io/library/nginx:latest", "nginx:latest"},
      {"nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27"},
      {"podctl/busybox", "docker.io/podctl/busybox:latest", "podctl/busybox:latest"},
      {"docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"},
      {"index.docker.io/a/b", "docker.io/a/b:latest", "a/b:latest"},
      {"localhost/x", "localhost/x:latest", "localhost/x:latest"},
      {"localhost:5000/x/y:v1", "localhost:5000/x/y:v1", "localhost:5000/x/y:v1"},
      {"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"},
      {"Reg/x", "Reg/x:latest", "Reg/x:latest"},
      {"registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9"},
      {"a--b/c__d/e.f", "docker.io/a--b/c__d/e.f:latest", "a--b/c__d/e.f:latest"},
      {"host:80", "docker.io/library/host:80", "host:80"},
      {"nginx@sha256:" + kHex, "docker.io/library/nginx@sha256:" + kHex, "nginx@sha256:" + kHex},
      {"nginx:1@sha256:" + kHex, "docker.io/library/nginx:1@sha256:" + kHex,
       "nginx:1@sha256:" + kHex},
  };
  for (const auto& c : cases) {
    const auto reference = Reference::parse(c.text);
    ASSERT_TRUE(reference) << c.text;
    EXPECT_EQ(reference->str(), c.whole);
    EXPECT_EQ(reference->familiar(), c.familiar);
    EXPECT_EQ(MUST(Reference::parse(reference->str())), *reference) << "parsing again changes it";
  }
}

TEST(Reference, RefusesWhatTheGrammarDoesNotHave) {
  for (const std::string& bad : {std::string(),
                                 std::string("Nginx"),
                                 std::string("nginx:"),
                                 std::string(":1"),
                                 std::string("a//b"),
                                 std::string("/a"),
                                 std::string("a/"),
                                 std::string("a..b"),
                                 std::string("a___b"),
                                 std::string("-a"),
                                 std::string("a b"),
                                 std::string("nginx:-x"),
                                 std::string("nginx:" + std::string(129, 'a')),
                                 std::string("nginx@sha256:abc"),
                                 std::string("nginx@md5:" + kHex),
                                 std::string("host:x/y"),
                                 std::string("a.b:/y"),
                                 std::string("../../etc/passwd"),
                                 kHex,
                                 std::string(256, 'a'),
                                 std::string("a\0b", 3),
                                 std::string("a.-b"),
                                 std::string("h..x/y")})
    EXPECT_FALSE(Reference::parse(bad)) << bad;
}

TEST(Reference, FaultsAreInTheKubeletsWords) {
  EXPECT_EQ(Reference::parse("Nginx").error().message(),
            "couldn't parse image name \"Nginx\": invalid reference format");
}

}  // namespace
}  // namespace podctl::image
