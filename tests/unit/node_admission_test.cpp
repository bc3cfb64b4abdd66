#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/node/admission.hpp"

namespace podctl::node {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPlain =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"c","image":"i"}]}})";

Answer<Admitted> decode(const std::string& body, FieldValidation mode = FieldValidation::kStrict) {
  return decode_pod(body, false, "default", mode);
}

Answer<Admitted> admit(const std::string& body) {
  auto decoded = decode(body);
  if (!decoded) return Refused(decoded.error());
  return admit_new(std::move(*decoded), "laptop", "u-1", 1'000'000'000);
}

TEST(Admission, TakesUnsafeSysctlsThatAreAllowedAlone) {
  const std::string body =
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"c","image":"i"}],
          "securityContext":{"sysctls":[{"name":"net.core.somaxconn","value":"1"},{"name":"kernel.msgmax","value":"1"}]}}})";
  const auto tried = [&](const std::vector<std::string>& patterns) {
    return admit_new(*decode(body), "laptop", "u-1", 1, patterns);
  };
  EXPECT_TRUE(tried({"net.core.*", "kernel.msgmax"}));
  const auto refused = tried({"net.core.*"});
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().causes.size(), 1U);
  EXPECT_EQ(refused.error().causes[0].field, "spec.securityContext.sysctls[1].name");
  EXPECT_THAT(refused.error().message,
              HasSubstr("Forbidden: sysctl \"kernel.msgmax\" not allowlisted: podctld "
                        "--allowed-unsafe-sysctls kernel.msgmax would allow it"));
}

TEST(Admission, FillsInWhatTheServerOwns) {
  const auto admitted = admit(kPlain);
  ASSERT_TRUE(admitted) << admitted.error().message;
  const auto& pod = admitted->pod;
  EXPECT_EQ(pod.metadata.uid, "u-1");
  EXPECT_EQ(pod.metadata.namespace_, "default");
  EXPECT_EQ(pod.metadata.generation, 1);
  EXPECT_EQ(pod.metadata.creationTimestamp.seconds(), 1);
  EXPECT_EQ(pod.spec.nodeName, "laptop");
  EXPECT_EQ(pod.spec.restartPolicy, "Always");
  EXPECT_EQ(pod.status.phase, "Pending");
}

TEST(Admission, UnknownFieldsByFieldValidation) {
  const std::string body = R"({"kind":"Pod","metadata":{"name":"a"},"spec":{"containerz":[]}})";
  const auto strict = decode(body);
  ASSERT_FALSE(strict);
  EXPECT_EQ(strict.error().http, 400);
  ASSERT_EQ(strict.error().causes.size(), 1U);
  EXPECT_EQ(strict.error().causes[0].field, "spec.containerz");
  EXPECT_THAT(decode(body, FieldValidation::kWarn)->warnings, testing::SizeIs(1));
  EXPECT_THAT(decode(body, FieldValidation::kIgnore)->warnings, IsEmpty());
}

TEST(Admission, MalformedBodiesAreBadRequests) {
  for (const char* body :
       {"", "{", "[]", "42", "null", R"({"kind":"Service"})", R"({"kind":"Pod","apiVersion":"v2"})",
        R"({"kind":"Pod","metadata":{"name":"a","namespace":"other"}})",
        R"({"kind":"Pod","spec":{"containers":{}}})"}) {
    const auto answer = decode(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().http, 400) << body;
  }
}

TEST(Admission, FaultsAreOneStatusWithEveryCause) {
  const auto answer =
      admit(R"({"kind":"Pod","metadata":{"name":"We_b"},"spec":{"containers":[{"name":"c"}]}})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().http, 422);
  EXPECT_EQ(answer.error().reason, "Invalid");
  EXPECT_GE(answer.error().causes.size(), 2U);
  EXPECT_THAT(answer.error().message, HasSubstr("Pod \"We_b\" is invalid: ["));
}

TEST(Admission, WhatPodctlHasNotIsForbiddenWithItsPath) {
  const auto answer = admit(
      R"({"kind":"Pod","metadata":{"name":"a"},"spec":{"nodeName":"other","os":{"name":"windows"},"volumes":[{"name":"s","nfs":{"server":"x","path":"/"}}],
          "containers":[{"name":"c","image":"i"}]}})");
  ASSERT_FALSE(answer);
  std::vector<std::string> fields;
  for (const auto& cause : answer.error().causes) fields.push_back(cause.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("spec.nodeName", "spec.os.name",
                                                    "spec.volumes[0].nfs"));
}

TEST(Admission, ThatAPodCameFromAFileIsNotForOthersToSay) {
  const std::string marked =
      R"({"kind":"Pod","metadata":{"name":"web","annotations":{"a":"b","kubernetes.io/config.source":"file"}},)"
      R"("spec":{"containers":[{"name":"c","image":"i"}]}})";
  EXPECT_EQ(decode(marked)->pod.metadata.annotations.size(), 1U);
  auto live = admit(kPlain)->pod;
  live.metadata.annotations["kubernetes.io/config.hash"] = "5";
  const auto updated = admit_update(live, *decode(marked));
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->pod.metadata.annotations.at("kubernetes.io/config.hash"), "5");
}

TEST(Admission, UpdatesMayChangeLabelsButNotTheCommand) {
  auto live = admit(kPlain)->pod;
  live.metadata.resourceVersion = "7";
  auto wanted = *decode(
      R"({"kind":"Pod","metadata":{"name":"web","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"j"}]}})");
  auto updated = admit_update(live, wanted);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(updated->pod.metadata.labels.at("a"), "b");
  EXPECT_EQ(updated->pod.spec.containers[0].image, "j");
  EXPECT_EQ(updated->pod.spec.nodeName, "laptop");
  EXPECT_EQ(updated->pod.metadata.uid, "u-1");
  EXPECT_EQ(updated->pod.metadata.generation, 2);

  wanted.pod.spec.containers[0].command = {"x"};
  updated = admit_update(live, wanted);
  ASSERT_FALSE(updated);
  EXPECT_THAT(updated.error().message, HasSubstr("pod updates may not change fields other than"));
  EXPECT_EQ(updated.error().causes[0].field, "spec.containers[0].command");

  wanted.pod.metadata.resourceVersion = "6";
  EXPECT_EQ(admit_update(live, wanted).error().reason, "Conflict");
}

// Of a status only what is nobody's but others' is taken.
TEST(Admission, AStatusChangesTheConditionsOfOthers) {
  auto live = admit(kPlain)->pod;
  live.status.phase = "Running";
  live.status.conditions = {{.type = "Ready", .status = "False"},
                            {.type = "old", .status = "True"}};
  Admitted wanted{live, {}};
  wanted.pod.status.phase = "Failed";
  wanted.pod.spec.hostname = "other";
  wanted.pod.status.conditions = {{.type = "Ready", .status = "True"},
                                  {.type = "example.com/lb", .status = "True"}};
  const auto stored = admit_status(live, wanted);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->pod.status.phase, "Running");
  EXPECT_EQ(stored->pod.spec.hostname, "");
  EXPECT_EQ(stored->pod.metadata.generation, live.metadata.generation);
  ASSERT_EQ(stored->pod.status.conditions.size(), 2U);
  EXPECT_EQ(stored->pod.status.conditions[0].status, "False");
  EXPECT_EQ(stored->pod.status.conditions[1].type, "example.com/lb");

  wanted.pod.status.conditions[1].type = "a b";
  EXPECT_EQ(admit_status(live, wanted).error().causes[0].field, "status.conditions[1].type");
  wanted.pod.metadata.resourceVersion = "77";
  EXPECT_EQ(admit_status(live, wanted).error().http, 409);
}

}  // namespace
}  // namespace podctl::node
