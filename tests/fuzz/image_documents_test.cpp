#include <gtest/gtest.h>

#include "image/oci.hpp"
#include "mutate.hpp"

namespace podctl::image::oci {
namespace {

// The JSON of an image without the digests that shield it in an archive.
TEST(FuzzImageDocuments, AreReadOrSayWhy) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::vector<std::string> seeds = {
      R"({"schemaVersion":2,"manifests":[{"mediaType":")" + std::string(kManifestType) +
          R"(","digest":")" + digest +
          R"(","size":7,"platform":{"architecture":"amd64","os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"a:1"}}]})",
      R"({"schemaVersion":2,"config":{"mediaType":")" + std::string(kConfigType) +
          R"(","digest":")" + digest + R"(","size":7},"layers":[{"mediaType":")" +
          std::string(kLayerType) + R"(","digest":")" + digest + R"(","size":512}]})",
      R"([{"Config":"c.json","RepoTags":["a:1"],"Layers":["l/layer.tar"]}])",
      R"({"architecture":"amd64","os":"linux","created":"2026-07-01T10:00:00.5Z","config":{"Env":["A=b"],"Cmd":["x"],"Entrypoint":null,"User":"1:2","WorkingDir":"/w","Volumes":{"/v":{}},"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGTERM"},"rootfs":{"type":"layers","diff_ids":[")" +
          digest + R"("]}})"};
  fuzz::run(seeds, [](const std::string& text) {
    const auto told = [](const auto& result) {
      EXPECT_TRUE(result || !result.error().message().empty());
    };
    told(parse_index(text, "fuzz"));
    told(parse_manifest(text, "fuzz"));
    told(parse_saved(text, "fuzz"));
    const auto configuration = parse_configuration(text, "fuzz");
    told(configuration);
    if (!configuration) return;
    const auto again = parse_configuration(write_configuration(*configuration), "again");
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->config.env, configuration->config.env);
    EXPECT_EQ(again->diff_ids, configuration->diff_ids);
  });
}

}  // namespace
}  // namespace podctl::image::oci
