// What debug makes: ephemeral containers by profile, and copies.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "cli/debug_pod.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

const json::value kPod = json::parse(R"({
  "metadata": {"name": "web", "namespace": "team", "uid": "u", "labels": {"app": "web"}},
  "spec": {"nodeName": "box", "ephemeralContainers": [{"name": "old", "image": "x"}],
    "initContainers": [{"name": "setup", "image": "i"}],
    "containers": [{"name": "nginx", "image": "nginx", "args": ["-g"], "livenessProbe": {"exec": {"command": ["x"]}}}]},
  "status": {"phase": "Running"}})");

TEST(CliDebug, ProfilesGiveWhatTheySay) {
  const struct {
    const char *profile, *context;
  } kRows[] = {{"general", R"({"capabilities":{"add":["SYS_PTRACE"]}})"},
               {"baseline", "null"},
               {"netadmin", R"({"capabilities":{"add":["NET_ADMIN","NET_RAW"]}})"},
               {"sysadmin", R"({"privileged":true})"}};
  for (const auto& row : kRows) {
    const auto made = ephemeral_container({.name = "d", .image = "b", .profile = row.profile});
    ASSERT_TRUE(made);
    const auto* context = made->if_contains("securityContext");
    EXPECT_EQ(context == nullptr ? "null" : json::serialize(*context), row.context) << row.profile;
  }
}

TEST(CliDebug, AnEphemeralContainerHasWhatWasAskedFor) {
  const auto made = ephemeral_container({.name = "d",
                                         .image = "b",
                                         .target = "nginx",
                                         .profile = "baseline",
                                         .command = {"sh"},
                                         .env = {"A=b=c"},
                                         .in = true,
                                         .tty = true});
  ASSERT_TRUE(made);
  EXPECT_EQ(
      json::value(*made),
      json::parse(R"({"name": "d", "image": "b", "command": ["sh"], "stdin": true, "tty": true,
                            "env": [{"name": "A", "value": "b=c"}], "targetContainerName": "nginx"})"));
  EXPECT_FALSE(ephemeral_container({.name = "d", .image = "b", .env = {"none"}}));
}

TEST(CliDebug, ACopyIsANewPodWithoutProbes) {
  const auto made =
      debug_copy(kPod, {.name = "d", .image = "b", .profile = "baseline", .copy = "web2"});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->at("metadata"), json::parse(R"({"name": "web2", "namespace": "team"})"));
  const auto& spec = made->at("spec").as_object();
  EXPECT_FALSE(spec.contains("nodeName"));
  EXPECT_FALSE(spec.contains("ephemeralContainers"));
  EXPECT_TRUE(spec.at("shareProcessNamespace").as_bool());
  EXPECT_EQ(spec.at("containers").as_array().size(), 2U);
  EXPECT_FALSE(spec.at("containers").at(0).as_object().contains("livenessProbe"));
}

TEST(CliDebug, ACopyWithAnotherCommandOrImage) {
  const auto command =
      debug_copy(kPod, {.name = "nginx", .command = {"sh"}, .copy = "web2", .keep_labels = true});
  ASSERT_TRUE(command);
  const auto& container = command->at("spec").at("containers").at(0).as_object();
  EXPECT_EQ(container.at("command"), json::parse(R"(["sh"])"));
  EXPECT_FALSE(container.contains("args"));
  EXPECT_EQ(command->at("metadata").at("labels"), json::parse(R"({"app": "web"})"));
  const auto image = debug_copy(kPod, {.copy = "web2", .set_images = {"nginx=nginx:2"}});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->at("spec").at("containers").at(0).at("image"), "nginx:2");
  EXPECT_FALSE(debug_copy(kPod, {.copy = "web2", .set_images = {"none=x"}}));
  EXPECT_FALSE(debug_copy(kPod, {.name = "none", .command = {"sh"}, .copy = "web2"}));
}

TEST(CliDebug, NamesAreNew) {
  const auto name = debugger_name(kPod);
  EXPECT_TRUE(name.starts_with("debugger-"));
  EXPECT_EQ(name.size(), 14U);
}

}  // namespace
}  // namespace podctl::cli
