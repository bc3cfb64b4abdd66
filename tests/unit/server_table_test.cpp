// The tables that podctld serves: kubectl's columns (kubernetes/kubernetes
// pkg/printers/internalversion).
#include <gtest/gtest.h>

#include "podctl/api/claim.hpp"
#include "podctl/api/config.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/event.hpp"
#include "podctl/api/node.hpp"
#include "podctl/api/pod.hpp"
#include "server/table.hpp"

namespace podctl::server {
namespace {

constexpr std::int64_t kNow = 1'795'521'642;  // 2026-11-24T12:00:42Z

// The rows of a table of one object.
template <class T>
std::string rows(const char* json, const char* include = "None") {
  T object;
  EXPECT_TRUE(api::decode_json(json, object).empty());
  TableText<T> table(7, include, api::Time(kNow, 0));
  table.add(object);
  const std::string text = std::move(table).str();
  const auto at = text.find("\"rows\":");
  return text.substr(at + 7, text.size() - at - 8);
}

const char* const kPod = R"({"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "web", "namespace": "default", "labels": {"app": "w"}, "creationTimestamp": "2026-11-24T12:00:00Z"},
 "spec": {"nodeName": "box", "containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]},
 "status": {"phase": "Running", "podIP": "10.8.0.2", "containerStatuses": [
  {"name": "a", "image": "i", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}},
  {"name": "b", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})";

TEST(Table, Pods) {
  EXPECT_EQ(rows<api::Pod>(kPod),
            R"([{"cells":["web","1/2","CrashLoopBackOff","0","42s","10.8.0.2","box","<none>",)"
            R"("<none>"],"object":null}])");
}

TEST(Table, ConfigMapsAndSecretsSayHowManyKeysTheyHave) {
  EXPECT_EQ(rows<api::ConfigMap>(
                R"({"metadata": {"name": "c", "creationTimestamp": "2026-11-24T12:00:00Z"},
 "data": {"a": "x"}, "binaryData": {"b": "AA=="}})"),
            R"([{"cells":["c",2,"42s"],"object":null}])");
  EXPECT_EQ(rows<api::Secret>(
                R"({"metadata": {"name": "s", "creationTimestamp": "2026-11-24T12:00:00Z"},
 "data": {"a": "eA=="}, "type": "Opaque"})"),
            R"([{"cells":["s","Opaque",1,"42s"],"object":null}])");
}

TEST(Table, ClaimsHaveKubectlsColumns) {
  EXPECT_EQ(
      rows<api::PersistentVolumeClaim>(
          R"({"metadata": {"name": "d", "creationTimestamp": "2026-11-24T12:00:00Z"},
 "spec": {"volumeName": "pvc-1", "storageClassName": "podctl", "volumeMode": "Filesystem"},
 "status": {"phase": "Bound", "accessModes": ["ReadOnlyMany", "ReadWriteOnce"],
 "capacity": {"storage": "1Gi"}}})"),
      R"([{"cells":["d","Bound","pvc-1","1Gi","RWO,ROX","podctl","<unset>","42s","Filesystem"],)"
      R"("object":null}])");
}

TEST(Table, RowsHoldWhatIsAskedFor) {
  EXPECT_NE(rows<api::Pod>(kPod, "").find(
                R"("object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",)"
                R"("metadata":{"name":"web","namespace":"default")"),
            std::string::npos);
  EXPECT_EQ(rows<api::Pod>(kPod, "Metadata"), rows<api::Pod>(kPod, ""));
  const std::string all = rows<api::Pod>(kPod, "Object");
  EXPECT_NE(all.find(R"("object":{"kind":"Pod","apiVersion":"v1",)"), std::string::npos) << all;
  EXPECT_NE(all.find(R"("podIP":"10.8.0.2")"), std::string::npos) << all;
}

TEST(Table, ManyRowsAndNone) {
  TableText<api::Namespace> table(7, "None", api::Time(kNow, 0));
  api::Namespace ns;
  ns.metadata.name = "a";
  ns.status.phase = "Active";
  table.add(ns);
  ns.metadata.name = "b";
  table.add(ns);
  const std::string columns =
      R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},)"
      R"("columnDefinitions":[{"name":"Name","type":"string","format":"name","description":"",)"
      R"("priority":0},{"name":"Status","type":"string","format":"","description":"","priority":0},)"
      R"({"name":"Age","type":"string","format":"","description":"","priority":0}],"rows":[)";
  EXPECT_EQ(std::move(table).str(), columns + R"({"cells":["a","Active","<unknown>"],)"
                                              R"("object":null},{"cells":["b","Active",)"
                                              R"("<unknown>"],"object":null}]})");
  EXPECT_EQ(TableText<api::Namespace>(7, "None", api::Time(kNow, 0)).str(), columns + "]}");
  // A part of a list tells where the rest begins.
  EXPECT_NE(TableText<api::Namespace>(7, "None", api::Time(kNow, 0))
                .str("default/a")
                .find(R"("metadata":{"resourceVersion":"7","continue":"default/a"})"),
            std::string::npos);
}

TEST(Table, Events) {
  EXPECT_EQ(
      rows<api::Event>(
          R"({"metadata": {"name": "web.1", "namespace": "default"}, "type": "Normal", "reason": "Started",
    "message": "m\n", "firstTimestamp": "2026-11-24T12:00:00Z", "lastTimestamp": "2026-11-24T12:00:40Z", "count": 3,
    "source": {"component": "kubelet", "host": "box"},
    "involvedObject": {"kind": "Pod", "name": "web", "fieldPath": "spec.containers{a}"}})"),
      R"([{"cells":["2s","Normal","Started","pod/web","spec.containers{a}","kubelet, box","m",)"
      R"("42s",3,"web.1"],"object":null}])");
}

TEST(Table, Nodes) {
  EXPECT_EQ(rows<api::Node>(
                R"({"metadata": {"name": "box", "creationTimestamp": "2026-11-24T12:00:00Z"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}], "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
     "nodeInfo": {"kubeletVersion": "v1", "osImage": "Debian", "kernelVersion": "6.1", "containerRuntimeVersion": "podctl://1",
     "machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""}}})"),
            R"([{"cells":["box","Ready","<none>","42s","v1","10.0.0.1","<none>","Debian","6.1",)"
            R"("podctl://1"],"object":null}])");
}

}  // namespace
}  // namespace podctl::server
