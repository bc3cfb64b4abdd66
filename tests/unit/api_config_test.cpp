// ConfigMaps and Secrets: faults in Kubernetes' words, and that none repeats what is secret.
#include <gtest/gtest.h>

#include "podctl/api/encode.hpp"
#include "podctl/api/kinds.hpp"
#include "podctl/api/manifest.hpp"

namespace podctl::api {
namespace {

std::string faults_of(const std::string& text) {
  std::string out;
  for (const Fault& f : load_manifests(text).faults) out += f.field + ": " + f.text + "\n";
  return out;
}

std::string config(const std::string& lines) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n" + lines;
}
std::string secret(const std::string& lines) {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n" + lines;
}

TEST(ApiConfig, FaultsOfConfigMaps) {
  struct {
    std::string lines, faults;
  } cases[] = {
      {"", ""},
      {"data: {a.b: x, A_b-1: ''}\nbinaryData: {c: AA==}\n", ""},
      {"data: {..x: yy}\n", "data[..x]: Invalid value: \"..x\": must not start with '..'\n"},
      {"data: {a: 1}\n", "data.a: must be a string, not a number (write \"1\")\n"},
      {"data: [a]\n", "data: must be a map, not a list\n"},
      {"binaryData: {a: 'AA=='}\ndata: {a: x}\n",
       "binaryData.a: Invalid value: \"a\": duplicate of key present in data\n"
       "data.a: Invalid value: \"a\": duplicate of key present in binaryData\n"},
      {"binaryData: {a: 'AA=A'}\n", "binaryData.a: illegal base64 data at input byte 3\n"},
      {"binaryData: {a: 'AAA'}\n", "binaryData.a: illegal base64 data at input byte 3\n"},
      {"data: {a: " + std::string(kMaxConfigBytes, 'x') + "}\n", ""},
      {"data: {a: " + std::string(kMaxConfigBytes, 'x') + "}\nbinaryData: {b: AA==}\n",
       "data: Too long: may not be more than 1048576 bytes\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(faults_of(config(c.lines)), c.faults) << c.faults;
}

TEST(ApiConfig, FaultsOfSecretsByTheirType) {
  struct {
    std::string lines, faults;
  } cases[] = {
      {"", ""},
      {"stringData: {a: x}\ndata: {a: eA==}\n", ""},
      {"type: kubernetes.io/tls\n",
       "data[tls.crt]: Required value\ndata[tls.key]: Required value\n"},
      {"type: kubernetes.io/tls\nstringData: {tls.crt: c}\ndata: {tls.key: aw==}\n", ""},
      {"type: kubernetes.io/basic-auth\nstringData: {password: p}\n", ""},
      {"type: kubernetes.io/basic-auth\n",
       "data.username: Required value\ndata.password: Required value\n"},
      {"type: kubernetes.io/ssh-auth\nstringData: {ssh-privatekey: ''}\n",
       "data.ssh-privatekey: Required value\n"},
      {"type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: 'secret{'}\n",
       "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": must be JSON\n"},
      {"type: kubernetes.io/service-account-token\n",
       "metadata.annotations[kubernetes.io/service-account.name]: Required value\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(faults_of(secret(c.lines)), c.faults) << c.lines;
}

TEST(ApiConfig, NoMessageRepeatsASecret) {
  for (const char* lines :
       {"data: {a: hunter2!}\n", "stringData: {a: 4711}\n", "stringData: {a b: hunter2}\n",
        "stringData: {a: hunter2}\nstringData: {}\n", "stringData: {a: hunter2, a: hunter2}\n",
        "stringData: {a: hunter2\n", "stringDta: {a: hunter2}\n",
        "immutable: 1, stringData: {a: hunter2}\n",
        "type: kubernetes.io/dockercfg\ndata: {.dockercfg: aHVudGVyMg==}\n"}) {
    const std::string text = secret(lines);
    const auto loaded = load_manifests(text);
    ASSERT_FALSE(loaded.faults.empty()) << lines;
    const std::string shown = render(loaded.faults, "s.yaml", text);
    for (const char* word : {"hunter2", "4711", "aHVudGVyMg"})
      EXPECT_EQ(shown.find(word), std::string::npos) << shown;
  }
}

TEST(ApiConfig, NoLineOfASecretIsShownHoweverItIsWritten) {
  for (const std::string text :
       {R"({"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret",)"
        R"("metadata":{"name":"s"},"stringData":{"p":"hunter2"}},)"
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"P"},"spec":{}}]})",
        "apiVersion: v1\nkind: 'Secret'\nmetadata: {name: s}\nstringData: {p: hunter2\n",
        "{apiVersion: v1, kind: Secret, metadata: {name: S}, stringData: {p: hunter2}}\n"}) {
    const auto loaded = load_manifests(text);
    ASSERT_FALSE(loaded.faults.empty()) << text;
    const std::string shown = render(loaded.faults, "s.yaml", text);
    EXPECT_EQ(shown.find("hunter2"), std::string::npos) << shown;
  }
}

TEST(ApiConfig, TextBecomesDataAndIsNeverServed) {
  const auto loaded =
      load_manifests(secret("data: {a: eA==, b: eQ==}\nstringData: {a: z}\n"), "ns");
  ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].text;
  const Manifest& m = loaded.manifests[0];
  EXPECT_FALSE(m.is_pod());
  EXPECT_EQ(m.metadata().namespace_, "ns");
  EXPECT_EQ(to_json(*static_cast<const Secret*>(m.object())),
            R"({"kind":"Secret","apiVersion":"v1","metadata":{"name":"s","namespace":"ns"},)"
            R"("data":{"a":"eg==","b":"eQ=="},"type":"Opaque"})");
}

TEST(ApiConfig, WhatIsImmutableMayNotChange) {
  ConfigMap live;
  live.immutable = true;
  live.data["a"] = "1";
  ConfigMap wanted = live;
  const auto& maps = kind_of<ConfigMap>();
  EXPECT_TRUE(maps.validate_update(&live, &wanted).empty());
  wanted.data["a"] = "2";
  wanted.immutable.reset();
  const auto faults = maps.validate_update(&live, &wanted);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].field, "immutable");
  EXPECT_EQ(faults[1].text, "Forbidden: field is immutable when `immutable` is set");
  live.immutable = false;
  EXPECT_TRUE(maps.validate_update(&live, &wanted).empty());
  Secret old, without_type;
  old.type = "kubernetes.io/tls";
  const auto& secrets = kind_of<Secret>();
  secrets.inherit(&old, &without_type);
  EXPECT_TRUE(secrets.validate_update(&old, &without_type).empty());
}

TEST(ApiConfig, EveryKindIsFoundByItsNames) {
  for (const KindInfo& kind : kinds()) {
    EXPECT_EQ(find_kind(kind.kind), &kind);
    EXPECT_EQ(find_plural(kind.plural), &kind);
    if (!kind.kept()) continue;
    const auto object = kind.make();
    kind.metadata(object.get()).name = "x";
    EXPECT_EQ(kind.metadata(static_cast<const void*>(object.get())).name, "x");
  }
}

}  // namespace
}  // namespace podctl::api
