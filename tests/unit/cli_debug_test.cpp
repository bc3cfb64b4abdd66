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
               {"sysadmin", R"({"privileged":true})"},
               {"legacy", "null"}};
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

// What is kept of a copy, by option and by profile.
TEST(CliDebug, ACopyKeepsWhatItIsTold) {
  const json::value pod = json::parse(R"({
    "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"note": "x"}},
    "spec": {"nodeName": "box", "initContainers": [{"name": "setup", "image": "i"}],
      "containers": [{"name": "c", "image": "i", "livenessProbe": {}, "readinessProbe": {},
        "startupProbe": {}, "stdin": true, "securityContext": {"runAsUser": 7}}]}})");
  const auto container = [&](DebugWish wish, const char* kept) {
    wish.copy = "copy";
    wish.name = "c";
    wish.command = {"sh"};
    json::value expected = json::parse(kept);
    expected.as_object()["name"] = "c";
    expected.as_object()["image"] = "i";
    EXPECT_EQ(debug_copy(pod, wish).value().at("spec").at("containers").at(0), expected) << kept;
  };
  container({.profile = "baseline"}, R"({"command": ["sh"]})");
  container({.profile = "general"}, R"({"command": ["sh"], "securityContext":
              {"runAsUser": 7, "capabilities": {"add": ["SYS_PTRACE"]}}})");
  container({.profile = "baseline", .keep_liveness = true},
            R"({"command": ["sh"], "livenessProbe": {}})");
  container({.profile = "baseline", .keep_readiness = true, .keep_startup = true},
            R"({"command": ["sh"], "readinessProbe": {}, "startupProbe": {}})");
  container({.profile = "baseline", .arguments_only = true}, R"({"args": ["sh"]})");

  const auto legacy =
      debug_copy(pod, {.name = "d", .image = "b", .profile = "legacy", .copy = "copy"}).value();
  EXPECT_FALSE(legacy.at("metadata").as_object().contains("labels"));
  EXPECT_TRUE(legacy.at("metadata").as_object().contains("annotations"));
  EXPECT_TRUE(legacy.at("spec").at("containers").at(0).as_object().contains("livenessProbe"));
  EXPECT_FALSE(legacy.at("spec").as_object().contains("shareProcessNamespace"));

  // Where only images change nothing else does.
  const auto images = debug_copy(pod, {.profile = "general",
                                       .copy = "copy",
                                       .set_images = {"*=j"},
                                       .share_processes = false,
                                       .same_node = true})
                          .value();
  EXPECT_TRUE(images.at("metadata").as_object().contains("labels"));
  EXPECT_EQ(images.at("spec").at("nodeName"), "box");
  EXPECT_EQ(images.at("spec").at("shareProcessNamespace"), false);
  EXPECT_EQ(images.at("spec").at("containers").at(0).at("image"), "j");
  EXPECT_TRUE(images.at("spec").at("containers").at(0).as_object().contains("startupProbe"));
}

TEST(CliDebug, ACustomProfileLiesOverTheProfile) {
  const auto custom = custom_profile("c.yaml",
                                     "securityContext: {runAsUser: 0}\nenv:\n"
                                     "- {name: B, value: two}\n");
  ASSERT_TRUE(custom) << custom.error().message();
  const auto made = ephemeral_container(
      {.name = "d", .image = "b", .profile = "general", .env = {"A=one"}, .custom = *custom});
  EXPECT_EQ(json::value(*made), json::parse(R"({"name": "d", "image": "b",
              "env": [{"name": "B", "value": "two"}, {"name": "A", "value": "one"}],
              "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}, "runAsUser": 0}})"));
  EXPECT_EQ(custom_profile("c", "image: other").error().op,
            "name, command, image, lifecycle and volume devices are not modifiable via custom "
            "profile");
  EXPECT_NE(custom_profile("c", "imige: x").error().op.find("c does not contain a valid container"),
            std::string::npos);
  EXPECT_FALSE(custom_profile("c", "[1]"));
}

TEST(CliDebug, PairsArePartedByCommas) {
  using Pairs = std::vector<std::string>;
  EXPECT_EQ(pairs_of({"a=1,b=2", "c=3"}), (Pairs{"a=1", "b=2", "c=3"}));
  EXPECT_EQ(pairs_of({"a=1,2"}), Pairs{"a=1,2"});
}

TEST(CliDebug, PrivilegesUnderAnotherUserAreWarnedOf) {
  const auto warned = [](const char* pod, const char* container) {
    return !user_warning(json::parse(pod), json::parse(container)).empty();
  };
  const char* able = R"({"securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}})";
  EXPECT_TRUE(warned(R"({"runAsUser": 5})", able));
  EXPECT_TRUE(warned(R"({"runAsUser": 5})", R"({"securityContext": {"privileged": true}})"));
  EXPECT_FALSE(warned(R"({"runAsUser": 0})", able));
  EXPECT_FALSE(warned("{}", able));
  EXPECT_FALSE(warned(R"({"runAsUser": 5})", "{}"));
  EXPECT_FALSE(warned(R"({"runAsUser": 5})",
                      R"({"securityContext": {"privileged": true, "runAsUser": 0}})"));
}

TEST(CliDebug, NamesAreNew) {
  const auto name = debugger_name(kPod);
  EXPECT_TRUE(name.starts_with("debugger-"));
  EXPECT_EQ(name.size(), 14U);
}

}  // namespace
}  // namespace podctl::cli
