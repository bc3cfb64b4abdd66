// What the scheduler says of the one node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/api/decode.hpp"
#include "podctl/lifecycle/placement.hpp"

namespace podctl::lifecycle {
namespace {

using testing::HasSubstr;

const NodeView kNode{"here", {{"kubernetes.io/hostname", "here"}, {"disk", "ssd"}, {"cpus", "8"}}};

api::Pod pod(const std::string& name, const std::string& labels, const std::string& spec = "") {
  api::Pod pod;
  const std::string json = R"({"metadata": {"name": ")" + name +
                           R"(", "namespace": "default", "uid": "uid-)" + name +
                           R"(", "labels": {)" + labels + R"(}}, "spec": {)" + spec + "}}";
  const auto faults = api::decode_json(json, pod, api::Unknown::kFault);
  EXPECT_TRUE(faults.empty()) << faults[0].field << ": " << faults[0].text;
  return pod;
}

// Empty where it fits.
std::string said(const api::Pod& wanted, std::vector<const api::Pod*> others = {}) {
  return place(wanted, kNode, others).message;
}
std::string of_node(const std::string& spec) { return said(pod("web", "", spec)); }

std::string required(const std::string& terms) {
  return R"("affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
      {"nodeSelectorTerms": [)" +
         terms + "]}}}";
}
std::string expression(const std::string& words) {
  return required(R"({"matchExpressions": [{)" + words + "}]}");
}

constexpr const char* kNoMatch =
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 "
    "nodes are available: 1 Preemption is not helpful for scheduling.";

TEST(Placement, ByTheNodesLabels) {
  EXPECT_EQ(of_node(""), "");
  EXPECT_EQ(of_node(R"("nodeSelector": {"disk": "ssd"})"), "");
  EXPECT_EQ(of_node(R"("nodeSelector": {"disk": "hdd"})"), kNoMatch);
  EXPECT_EQ(of_node(R"("nodeSelector": {"gpu": ""})"), kNoMatch);
  EXPECT_EQ(of_node(expression(R"("key": "disk", "operator": "In", "values": ["a", "ssd"])")), "");
  EXPECT_EQ(of_node(expression(R"("key": "disk", "operator": "NotIn", "values": ["ssd"])")),
            kNoMatch);
  EXPECT_EQ(of_node(expression(R"("key": "gpu", "operator": "NotIn", "values": ["x"])")), "");
  EXPECT_EQ(of_node(expression(R"("key": "gpu", "operator": "Exists")")), kNoMatch);
  EXPECT_EQ(of_node(expression(R"("key": "gpu", "operator": "DoesNotExist")")), "");
  EXPECT_EQ(of_node(expression(R"("key": "cpus", "operator": "Gt", "values": ["7"])")), "");
  EXPECT_EQ(of_node(expression(R"("key": "cpus", "operator": "Lt", "values": ["8"])")), kNoMatch);
  EXPECT_EQ(of_node(required("{}")), kNoMatch);
  // One of the terms is enough.
  EXPECT_EQ(of_node(required(R"({"matchExpressions": [{"key": "gpu", "operator": "Exists"}]},
      {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["here"]}]})")),
            "");
}

TEST(Placement, GatesComeFirst) {
  const auto gated = pod("web", "", R"("schedulingGates": [{"name": "a.b/c"}],
      "nodeSelector": {"disk": "hdd"})");
  const auto placement = place(gated, kNode, {});
  EXPECT_EQ(placement.state, Placed::kGated);
  EXPECT_EQ(placement.reason, "SchedulingGated");
  EXPECT_EQ(placement.message, "Scheduling is blocked due to non-empty scheduling gates");
}

std::string beside(const std::string& kind, const std::string& more = "") {
  return R"("affinity": {")" + kind + R"(": {"requiredDuringSchedulingIgnoredDuringExecution": [
      {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "db"}})" +
         more + "}]}}";
}

TEST(Placement, BesideOtherPods) {
  const auto db = pod("db", R"("app": "db")"), other = pod("other", R"("app": "x")");
  const auto friendly = pod("web", R"("app": "web")", beside("podAffinity"));
  EXPECT_EQ(said(friendly, {&db, &other}), "");
  EXPECT_THAT(said(friendly, {&other}), HasSubstr("1 node(s) didn't match pod affinity rules."));
  // The first of a group that keeps together.
  EXPECT_EQ(said(pod("db2", R"("app": "db")", beside("podAffinity"))), "");
  const auto elsewhere = pod("web", "", beside("podAffinity", R"(, "namespaces": ["elsewhere"])"));
  EXPECT_THAT(said(elsewhere, {&db}), HasSubstr("didn't match pod affinity rules"));
  const auto anywhere = pod("web", "", beside("podAffinity", R"(, "namespaceSelector": {})"));
  EXPECT_EQ(said(anywhere, {&db}), "");
}

TEST(Placement, AwayFromOtherPods) {
  const auto db = pod("db", R"("app": "db")"), other = pod("other", "");
  const auto shy = pod("shy", "", beside("podAntiAffinity"));
  EXPECT_EQ(said(shy, {&other, &shy}), "");
  EXPECT_EQ(said(shy, {&db}),
            "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules. preemption: "
            "0/1 nodes are available: 1 No preemption victims found for incoming pod.");
  EXPECT_THAT(said(db, {&shy}), HasSubstr("didn't satisfy existing pods anti-affinity rules"));
}

// A key binds only a pod that has such a label.
TEST(Placement, ByLabelsThatBothHave) {
  const auto db = pod("db", R"("app": "db", "version": "1")");
  const auto beside_db = [](const std::string& version, const std::string& keys) {
    return pod("web", R"("version": ")" + version + R"(")", beside("podAffinity", keys));
  };
  const std::string match = R"(, "matchLabelKeys": ["version", "tier"])";
  EXPECT_EQ(said(beside_db("1", match), {&db}), "");
  EXPECT_THAT(said(beside_db("2", match), {&db}), HasSubstr("didn't match pod affinity rules"));
  const std::string mismatch = R"(, "mismatchLabelKeys": ["version"])";
  EXPECT_EQ(said(beside_db("2", mismatch), {&db}), "");
  EXPECT_THAT(said(beside_db("1", mismatch), {&db}), HasSubstr("didn't match pod affinity rules"));
}

TEST(Placement, SpreadOverOneNodeFailsForWantOfOthers) {
  const auto spread = [](const std::string& more) {
    return pod("web", R"("app": "web")",
               R"("topologySpreadConstraints": [{"maxSkew": 1,
        "labelSelector": {"matchLabels": {"app": "web"}}, )" +
                   more + "}]");
  };
  const auto one = pod("one", R"("app": "web")");
  const std::string here = R"("topologyKey": "kubernetes.io/hostname", )";
  EXPECT_EQ(said(spread(here + R"("whenUnsatisfiable": "DoNotSchedule")"), {&one}), "");
  EXPECT_THAT(
      said(spread(here + R"("whenUnsatisfiable": "DoNotSchedule", "minDomains": 2)"), {&one}),
      HasSubstr("1 node(s) didn't match pod topology spread constraints. preemption"));
  // Pods of another version are not counted.
  const auto versions = [&](const std::string& mine) {
    auto wanted = spread(
        here + R"("whenUnsatisfiable": "DoNotSchedule", "minDomains": 2, "matchLabelKeys": ["v"])");
    wanted.metadata.labels["v"] = mine;
    return wanted;
  };
  const auto first = pod("first", R"("app": "web", "v": "1")");
  EXPECT_EQ(said(versions("2"), {&first}), "");
  EXPECT_THAT(said(versions("1"), {&first}), HasSubstr("pod topology spread constraints"));
  EXPECT_THAT(said(spread(R"("topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule")")),
              HasSubstr("topology spread constraints (missing required label)"));
  EXPECT_EQ(said(spread(R"("topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway")")), "");
}

// A pod of one container that asks for this.
api::Pod asking(const std::string& name, const std::string& requests,
                const std::string& more = "") {
  return pod(
      name, "",
      R"("containers": [{"name": "c", "resources": {"requests": {)" + requests + "}}}]" + more);
}

NodeView sized() {
  NodeView node = kNode;
  node.allocatable = {{"cpu", api::Quantity::of(2)},
                      {"memory", api::Quantity::parse("4Gi").value()},
                      {"pods", api::Quantity::of(3)}};
  return node;
}

TEST(Placement, ByWhatOtherPodsHaveLeft) {
  const auto node = sized();
  const auto of = [&](const api::Pod& wanted, std::vector<const api::Pod*> others = {}) {
    return place(wanted, node, others).message;
  };
  const auto half = asking("half", R"("cpu": "1", "memory": "1Gi")");
  EXPECT_EQ(of(asking("web", R"("cpu": "1", "memory": "3Gi")"), {&half}), "");
  EXPECT_EQ(of(half, {&half}), "");  // it is not beside itself
  EXPECT_EQ(
      of(asking("web", R"("cpu": "1001m")"), {&half}),
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No "
      "preemption victims found for incoming pod.");
  EXPECT_EQ(of(asking("web", R"("cpu": "3", "memory": "3500Mi")"), {&half}),
            "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. preemption: 0/1 "
            "nodes are available: 1 Preemption is not helpful for scheduling.");
  EXPECT_THAT(of(asking("web", R"("example.com/gpu": "1")")),
              HasSubstr("1 Insufficient example.com/gpu. preemption"));
  // One that asks for nothing fits beside whatever there is, as long as there may be one more.
  const auto all = asking("all", R"("cpu": "2")"), none = asking("none", "");
  EXPECT_EQ(of(none, {&all, &half}), "");
  EXPECT_THAT(of(none, {&all, &half, &half}), HasSubstr("1 Too many pods. preemption"));
}

TEST(Placement, SidecarsAndInitContainersCountAsTheyRun) {
  const auto node = sized();
  const auto wanted =
      pod("web", "", R"("containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}],
      "initContainers": [{"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "500m"}}},
                         {"name": "i", "resources": {"requests": {"cpu": "1500m"}}}])");
  const auto little = asking("little", R"("cpu": "1m")");
  EXPECT_EQ(place(wanted, node, {}).message, "");
  EXPECT_THAT(place(wanted, node, {&little}).message, HasSubstr("1 Insufficient cpu"));
}

TEST(Placement, ByHostPorts) {
  const auto on = [](const std::string& name, const char* port) {
    return pod(
        name, "",
        R"("containers": [{"name": "c", "ports": [{"containerPort": 80, "protocol": "TCP", "hostPort": )" +
            std::string(port) + "}]}]");
  };
  const auto one = on("one", "8080"), other = on("other", "8081");
  EXPECT_EQ(said(on("web", "8080"), {&other}), "");
  EXPECT_EQ(
      said(on("web", "8080"), {&other, &one}),
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. "
      "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.");
  const auto refused = refuse(on("web", "8080"), kNode, {&one});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, "NodePorts");
  EXPECT_EQ(
      refused->message,
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
}

TEST(Placement, AKubeletRefusesWhatDoesNotFit) {
  const auto node = sized();
  const auto half = asking("half", R"("cpu": "1", "memory": "1Gi")");
  EXPECT_FALSE(refuse(asking("web", R"("cpu": "1", "example.com/gpu": "1")"), node, {&half}));
  const auto cpu = refuse(asking("web", R"("cpu": "1500m")"), node, {&half});
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->reason, "OutOfcpu");
  EXPECT_EQ(cpu->message,
            "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000");
  EXPECT_EQ(refuse(asking("web", R"("memory": "4Gi")"), node, {&half})->reason, "OutOfmemory");
  EXPECT_EQ(refuse(asking("web", ""), node, {&half, &half, &half})->message,
            "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3");
  EXPECT_EQ(refuse(pod("web", "", R"("nodeSelector": {"gpu": ""})"), node, {})->reason,
            "NodeAffinity");
}

TEST(Placement, ByTheClaimsOfItsVolumes) {
  api::PersistentVolumeClaim bound, own, going, pending;
  bound.status.phase = own.status.phase = going.status.phase = "Bound";
  own.metadata = {.name = "own", .namespace_ = "default"};
  own.spec.accessModes = {"ReadWriteOncePod"};
  going.metadata.deletionTimestamp = api::Time(1);
  pending.status.phase = "Pending";
  const std::map<std::string, const api::PersistentVolumeClaim*> claims{
      {"bound", &bound}, {"own", &own}, {"going", &going}, {"pending", &pending}};
  NodeView node = kNode;
  node.claim = [&](const std::string& ns, const std::string& name) {
    return ns == "default" && claims.contains(name) ? claims.at(name) : nullptr;
  };
  const auto user = [](const std::string& name, const std::string& claim) {
    return pod(name, "",
               R"("volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": ")" + claim +
                   R"("}}])");
  };
  const auto said_of = [&](const std::string& claim, std::vector<const api::Pod*> others = {}) {
    return place(user("web", claim), node, others).message;
  };
  const auto other = user("db", "own"), another = user("db", "bound");
  EXPECT_EQ(said_of("bound", {&another}), "");
  EXPECT_EQ(said_of("x"),
            "0/1 nodes are available: persistentvolumeclaim \"x\" not found. preemption: 0/1 nodes "
            "are available: 1 Preemption is not helpful for scheduling.");
  EXPECT_THAT(said_of("going"), HasSubstr("persistentvolumeclaim \"going\" is being deleted"));
  EXPECT_THAT(said_of("pending"), HasSubstr("pod has unbound immediate PersistentVolumeClaims"));
  EXPECT_EQ(said_of("own", {&another}), "");
  EXPECT_THAT(said_of("own", {&other}),
              HasSubstr("1 node has pod using PersistentVolumeClaim with the same name and "
                        "ReadWriteOncePod access mode. preemption: 0/1 nodes are available: 1 No"));
}

TEST(Placement, ByTheClaimsThatWereMadeForItsVolumes) {
  api::PersistentVolumeClaim claim;
  claim.metadata = {.name = "web-v", .namespace_ = "default"};
  claim.status.phase = "Bound";
  const api::PersistentVolumeClaim* there = nullptr;
  NodeView node = kNode;
  node.claim = [&](const std::string&, const std::string& name) {
    return name == "web-v" ? there : nullptr;
  };
  auto web =
      pod("web", "", R"("volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {}}}])");
  web.metadata.uid = "u";
  EXPECT_THAT(place(web, node, {}).message,
              HasSubstr("waiting for ephemeral volume controller to create the "
                        "persistentvolumeclaim \"web-v\""));
  there = &claim;
  claim.metadata.ownerReferences = {{"v1", "Pod", "web", "another", true, true}};
  EXPECT_THAT(
      place(web, node, {}).message,
      HasSubstr("PVC default/web-v was not created for pod default/web (pod is not owner)"));
  claim.metadata.ownerReferences[0].uid = "u";
  EXPECT_EQ(place(web, node, {}).message, "");
}

}  // namespace
}  // namespace podctl::lifecycle
