// The wire format: every struct survives the way there and back, old and new versions meet, and no
// input breaks the decoder.
#include <gtest/gtest.h>

#include <random>

#include "podctl/wire/codec.hpp"
#include "podctl/wire/messages.hpp"

namespace podctl::wire {
namespace {

ContainerSpec sample() {
  ContainerSpec spec;
  spec.id = std::string(64, 'a');
  spec.name = "web";
  spec.attempt = 3;
  spec.argv = {"/bin/sh", "", std::string("a\0b", 3)};
  spec.cwd = "";
  spec.rootfs.layers = {"/l/1", "/l/2"};
  spec.mounts.push_back(
      {.kind = MountKind::kHostPath, .source = "/x", .target = "/y", .size = 1ULL << 40});
  spec.user.uid = 0;
  spec.user.groups = {1, 2, 4294967295U};
  spec.security.capabilities.bounding = ~0ULL;
  spec.oom_score_adj = -997;
  spec.resources.cpu_quota_us = -1;
  spec.device_rules.push_back({.type = 'c', .major = 10, .minor = -1, .access = "rw"});
  return spec;
}

TEST(WireCodec, RoundTripKeepsEverything) {
  const ContainerSpec in = sample();
  const std::string body = encode(in);
  const ContainerSpec out = MUST(decode<ContainerSpec>(body));
  EXPECT_EQ(encode(out), body);
  EXPECT_EQ(out.argv, in.argv);
  EXPECT_EQ(out.cwd, "");
  EXPECT_EQ(out.user.uid, 0U);
  EXPECT_FALSE(out.user.gid.has_value());
  EXPECT_EQ(out.user.groups, in.user.groups);
  EXPECT_EQ(out.resources.cpu_quota_us, -1);
  EXPECT_EQ(out.oom_score_adj, -997);
  EXPECT_EQ(out.mounts[0].kind, MountKind::kHostPath);
  EXPECT_EQ(out.device_rules[0].minor, -1);
}

TEST(WireCodec, CarriesAddressesOptionalsAndNestedVectors) {
  SandboxSpec in;
  in.net.emplace();
  in.net->addresses.push_back(IpPrefix::parse("10.1.2.3/20").value());
  in.net->addresses.push_back(IpPrefix::parse("fd00::3/64").value());
  in.files.push_back({.name = "hosts", .content = std::string(100000, 'h')});
  const SandboxSpec out = MUST(decode<SandboxSpec>(encode(in)));
  ASSERT_TRUE(out.net.has_value());
  EXPECT_EQ(out.net->addresses, in.net->addresses);
  EXPECT_EQ(out.files[0].content, in.files[0].content);
}

struct Old {
  std::uint16_t a = 1;
  std::string b = "default";
  template <class V>
  void wire(V& v) {
    v(1, a);
    v(2, b);
  }
};
struct New {
  std::uint64_t a = 1;  // wider than it was
  std::string b;
  std::vector<std::int32_t> c{7};
  std::optional<Old> d;
  template <class V>
  void wire(V& v) {
    v(1, a);
    v(2, b);
    v(3, c);
    v(4, d);
  }
};

TEST(WireCodec, OldAndNewVersionsUnderstandEachOther) {
  New in{.a = 9, .b = "x", .c = {-1, 2}, .d = Old{}};
  const Old old = MUST(decode<Old>(encode(in)));
  EXPECT_EQ(old.a, 9);
  EXPECT_EQ(old.b, "x");
  const New out = MUST(decode<New>(encode(Old{.a = 3, .b = ""})));
  EXPECT_EQ(out.a, 3U);
  EXPECT_EQ(out.b, "");
  EXPECT_EQ(out.c, std::vector<std::int32_t>{7});
  EXPECT_FALSE(out.d.has_value());
}

TEST(WireCodec, RefusesANumberThatDoesNotFit) {
  EXPECT_EQ(decode<Old>(encode(New{.a = 65536})).error().code, Code::kCorrupt);
  EXPECT_EQ(decode<Old>(encode(New{.a = 65535})).value().a, 65535);
}

TEST(WireCodec, RefusesEveryCutBody) {
  const std::string body = encode(sample());
  std::size_t refused = 0;
  for (std::size_t n = 1; n < body.size(); ++n) {
    if (!decode<ContainerSpec>(std::string_view(body).substr(0, n))) ++refused;
  }
  EXPECT_GT(refused, body.size() - 40);  // only a cut between two fields is a message of its own
}

TEST(WireCodec, SurvivesRandomAndChangedInput) {
  std::mt19937 random(1);
  const std::string good = encode(sample());
  for (int i = 0; i < 20000; ++i) {
    std::string body = good;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      body[random() % body.size()] = static_cast<char>(random());
    }
    (void)decode<ContainerSpec>(body);
    (void)decode<State>(body);
    (void)decode<SandboxSpec>(std::string_view(body).substr(0, random() % body.size()));
  }
}

struct Strings {
  std::vector<std::string> list;
  template <class V>
  void wire(V& v) {
    v(1, list);
  }
};

TEST(WireCodec, BoundsWhatABodyMayAllocate) {
  Strings many;
  many.list.resize(kMaxElements + 1);
  EXPECT_EQ(decode<Strings>(encode(many)).error().code, Code::kCorrupt);
  many.list.pop_back();
  EXPECT_EQ(decode<Strings>(encode(many)).value().list.size(), kMaxElements);
  EXPECT_FALSE(decode<Strings>(std::string(kMaxBody + 1, '\0')));
}

TEST(WireCodec, ErrorsKeepTheirData) {
  Error in = fail_errno(13, "open file", "/x", "why").value();
  in.context = {"one", "two"};
  const Error out = from_wire(MUST(decode<ErrorBody>(encode(to_wire(in)))));
  EXPECT_EQ(out.code, Code::kPermissionDenied);
  EXPECT_EQ(out.message(), in.message());
}

}  // namespace
}  // namespace podctl::wire
