// describe to the letter: kubectl's part, then podctl's.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <boost/json/parse.hpp>

#include "podctl/cli/columns.hpp"
#include "podctl/cli/describe.hpp"
#include "podctl/cli/sandbox_text.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

const char* const kPod = R"({
 "metadata": {"name": "web", "namespace": "default", "labels": {"tier": "front", "app": "web"},
  "annotations": {"note": "two\nlines", "kubectl.kubernetes.io/last-applied-configuration": "{}"}},
 "spec": {"priority": 0, "serviceAccountName": "default", "nodeName": "box",
  "containers": [{"name": "nginx", "image": "podctl/nginx",
   "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 443, "hostPort": 8443, "protocol": "TCP"}],
   "command": ["sh", "-c"], "args": ["one\ntwo"],
   "resources": {"requests": {"memory": "32Mi", "cpu": "100m"}, "limits": {"memory": "64Mi"}},
   "readinessProbe": {"httpGet": {"path": "/x", "port": 8080, "scheme": "HTTP"}, "timeoutSeconds": 1,
    "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
   "env": [{"name": "A", "value": "b"},
    {"name": "ME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
    {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
    {"name": "MEM", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}],
   "volumeMounts": [{"name": "logs", "mountPath": "/var/log", "subPath": "n"}, {"name": "logs", "mountPath": "/a", "readOnly": true}]}],
  "volumes": [{"name": "logs", "emptyDir": {}}, {"name": "host", "hostPath": {"path": "/srv", "type": ""}}],
  "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]},
 "status": {"phase": "Running", "qosClass": "Burstable", "hostIP": "192.0.2.1", "podIP": "10.8.0.2",
  "startTime": "2026-11-24T04:00:00Z", "podIPs": [{"ip": "10.8.0.2"}, {"ip": "fd00::2"}],
  "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
  "containerStatuses": [{"name": "nginx", "containerID": "podctl://abc", "imageID": "sha256:1", "ready": true,
   "restartCount": 1, "state": {"running": {"startedAt": "2026-11-24T04:01:00Z"}},
   "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137, "startedAt": "2026-11-24T04:00:01Z",
    "finishedAt": "2026-11-24T04:00:59Z"}}}]}})";

const char* const kEvents =
    R"([{"type": "Normal", "reason": "Started", "firstTimestamp": "2026-11-24T04:00:50Z",
  "lastTimestamp": "2026-11-24T04:01:50Z", "count": 3, "source": {"component": "podctld"}, "message": "Started container nginx\n"}])";

const char* const kText = R"(Name:             web
Namespace:        default
Priority:         0
Service Account:  default
Node:             box/192.0.2.1
Start Time:       Tue, 24 Nov 2026 04:00:00 +0000
Labels:           app=web
                  tier=front
Annotations:      note:
                    two
                    lines
Status:           Running
IP:               10.8.0.2
IPs:
  IP:  10.8.0.2
  IP:  fd00::2
Containers:
  nginx:
    Container ID:  podctl://abc
    Image:         podctl/nginx
    Image ID:      sha256:1
    Ports:         80/TCP, 443/TCP
    Host Ports:    0/TCP, 8443/TCP
    Command:
      sh
      -c
    Args:
      one
      two
    State:          Running
      Started:      Tue, 24 Nov 2026 04:01:00 +0000
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Tue, 24 Nov 2026 04:00:01 +0000
      Finished:     Tue, 24 Nov 2026 04:00:59 +0000
    Ready:          True
    Restart Count:  1
    Limits:
      memory:  64Mi
    Requests:
      cpu:      100m
      memory:   32Mi
    Readiness:  http-get http://:8080/x delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3
    Environment:
      A:    b
      ME:   web (v1:metadata.name)
      CPU:  node allocatable (limits.cpu)
      MEM:  64 (limits.memory)
    Mounts:
      /a from logs (ro)
      /var/log from logs (rw,path="n")
Conditions:
  Type           Status
  Ready          True 
  PodScheduled   True 
Volumes:
  logs:
    Type:       EmptyDir (a temporary directory that shares a pod's lifetime)
    Medium:     
    SizeLimit:  <unset>
  host:
    Type:          HostPath (bare host directory volume)
    Path:          /srv
    HostPathType:  
QoS Class:         Burstable
Node-Selectors:    <none>
Tolerations:       k:NoExecute op=Exists for 300s
Events:
  Type    Reason   Age                From     Message
  ----    ------   ----               ----     -------
  Normal  Started  10s (x3 over 70s)  podctld  Started container nginx
)";

class Describe : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  std::int64_t now = *parse_time("2026-11-24T04:02:00Z");
};

TEST_F(Describe, APod) {
  const auto pod = boost::json::parse(kPod), events = boost::json::parse(kEvents);
  EXPECT_EQ(describe_pod(pod, events, now), kText);
}

TEST_F(Describe, PlacementAndLongAnnotationsAsKubectlHasThem) {
  const auto pod =
      boost::json::parse(R"({"metadata": {"name": "w", "namespace": "n", "annotations": {"a": ")" +
                         std::string(200, 'x') + R"("}},
   "spec": {"containers": [],
    "tolerations": [{"key": "z", "operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoSchedule"}, {"operator": "Exists"}],
    "topologySpreadConstraints": [
     {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
      "labelSelector": {"matchLabels": {"x": "y", "a": "b"}, "matchExpressions": [
       {"key": "c", "operator": "NotIn", "values": ["2", "1"]}, {"key": "d", "operator": "DoesNotExist"}]}},
     {"maxSkew": 2, "topologyKey": "node", "whenUnsatisfiable": "ScheduleAnyway"}]},
   "status": {"phase": "Pending"}})");
  const std::string text = describe_pod(pod, boost::json::value(), now);
  EXPECT_NE(text.find("  " + std::string(138, 'x') + "...\n"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(Tolerations:                  op=Exists
                              a=b:NoSchedule
                              z op=Exists
Topology Spread Constraints:  zone:DoNotSchedule when max skew 1 is exceeded for selector a=b,c notin (1,2),!d,x=y
                              node:ScheduleAnyway when max skew 2 is exceeded
)"),
            std::string::npos)
      << text;
}

TEST_F(Describe, WhatAContainerWroteDoesNotSteerTheTerminal) {
  const auto pod = boost::json::parse(
      R"({"metadata": {"name": "w", "namespace": "n"}, "spec": {"containers": [{"name": "a"}]},
   "status": {"containerStatuses": [{"name": "a", "state": {"terminated": {"message": "\u001b[2Jgone\r"}}}]}})");
  const std::string text = describe_pod(pod, boost::json::value(), now);
  EXPECT_NE(text.find(" ^[[2Jgone\\r\n"), std::string::npos) << text;
}

TEST_F(Describe, APodThatIsNotScheduled) {
  const auto pod = boost::json::parse(
      R"({"metadata": {"name": "w", "namespace": "n", "deletionTimestamp": "2026-11-24T04:01:30Z",
   "deletionGracePeriodSeconds": 30}, "spec": {"containers": []}, "status": {"phase": "Pending", "qosClass": "BestEffort"}})");
  EXPECT_EQ(describe_pod(pod, boost::json::parse("[]"), now), R"(Name:                      w
Namespace:                 n
Node:                      <none>
Labels:                    <none>
Annotations:               <none>
Status:                    Terminating (lasts 30s)
Termination Grace Period:  30s
IP:                        
IPs:                       <none>
Containers: <none>
Volumes:         <none>
QoS Class:       BestEffort
Node-Selectors:  <none>
Tolerations:     <none>
Events:          <none>
)");
}

TEST_F(Describe, AnEphemeralVolume) {
  const auto pod = boost::json::parse(R"({"metadata": {"name": "p"}, "spec": {"volumes": [
   {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {
     "metadata": {"labels": {"a": "b", "c": "d"}},
     "spec": {"storageClassName": "podctl", "volumeMode": "Filesystem",
              "accessModes": ["ReadWriteOnce"]}}}}]}})");
  const std::string text = describe_pod(View(pod), View(nullptr), now);
  EXPECT_NE(text.find(R"(Volumes:
  scratch:
    Type:          EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)
    StorageClass:  podctl
    Volume:        
    Labels:        a=b
                   c=d
    Annotations:   <none>
    Capacity:      
    Access Modes:  
    VolumeMode:    Filesystem
)"),
            std::string::npos)
      << text;
}

TEST_F(Describe, Probes) {
  auto text = [](const char* json) { return describe_probe(boost::json::parse(json)); };
  const std::string rest = " delay=0s timeout=0s period=0s successThreshold=0 failureThreshold=0";
  EXPECT_EQ(text(R"({"exec": {"command": ["cat", "/x"]}})"), "exec [cat /x]" + rest);
  EXPECT_EQ(text(R"({"tcpSocket": {"port": "db"}})"), "tcp-socket :db" + rest);
  EXPECT_EQ(text(R"({"grpc": {"port": 9000, "service": ""}})"), "grpc <pod>:9000 " + rest);
  EXPECT_EQ(text(R"({"httpGet": {"scheme": "HTTPS", "host": "::1", "port": 1, "path": "a"}})"),
            "http-get https://[::1]:1/a" + rest);
}

const char* const kReport = R"({"pod": {"name": "web", "namespace": "default"},
 "namespaces": [
  {"holder": "pause", "pid": 10, "ids": {"net": 100, "ipc": 101, "uts": 102, "pid": 4, "mnt": 103, "user": 5}},
  {"holder": "container/a", "pid": 11, "ids": {"net": 100, "ipc": 101, "uts": 102, "pid": 104, "mnt": 105, "user": 5}},
  {"holder": "container/b", "pid": 12, "ids": {"net": 100, "ipc": 101, "uts": 102, "pid": 106, "mnt": 107, "user": 5}}],
 "host": {"net": 1, "ipc": 2, "uts": 3, "pid": 4, "user": 5},
 "cgroups": [{"path": "/podctl-1/pods/x", "holder": "pod", "limits": {"cpu.shares": "102"},
   "usage": {"memoryCurrent": 1048576, "memoryPeak": 2097152, "cpuUsageUs": 1500, "throttledPeriods": 2, "periods": 9, "pids": 3,
    "cpuPressure": "some avg10=1.20 avg60=0.50 total=1\n", "ioRead": 4096, "ioWritten": 0,
    "ioPressure": "some avg10=0.30 avg60=0.10 total=1\nfull avg10=0.20 avg60=0.10 total=1\n"}},
  {"path": "/podctl-1/pods/x/a", "holder": "container/a", "limits": {}, "cpus": {"list": "1,3", "own": true},
   "usage": {"pids": 1, "oomKills": 1}}],
 "network": {"mode": "pod", "bridge": "podctl0", "hostInterface": "veth1", "podInterface": "eth0", "mac": "aa:bb",
  "addresses": ["10.8.0.2/20"], "gateways": ["10.8.0.1"], "routes": ["default via 10.8.0.1"]},
 "rootfs": [{"container": "a", "layers": ["/l2", "/l1"], "upper": "/u", "readOnly": false}],
 "degraded": ["oom_score_adj: needs CAP_SYS_RESOURCE"]})";

TEST_F(Describe, MemoryOfAPodThatIsNotCounted) {
  const std::string text = describe_sandbox(boost::json::parse(
      R"({"cgroups": [{"path": "/p", "holder": "pod", "usage": {"memoryCurrent": 2048, "memorySummed": true}}]})"));
  EXPECT_NE(text.find("Memory:     2.0 KiB (its containers' sum)\n"), std::string::npos) << text;
}

TEST_F(Describe, WhyThereIsNoPressure) {
  const std::string text = describe_sandbox(boost::json::parse(R"({"noPressure": "no cgroup2"})"));
  EXPECT_NE(text.find("not known: no cgroup2\n"), std::string::npos) << text;
}

TEST_F(Describe, LimitsFitTheTerminal) {
  const std::string report =
      R"({"cgroups": [{"path": "/p", "holder": "pod", "limits": {"cpu.shares": "2", "memory.limit_in_bytes": "-1",
          "memory.memsw.limit_in_bytes": "-1", "pids.max": "9"}}]})";
  const std::string line =
      "    Limits:     cpu.shares=2, memory.limit_in_bytes=unlimited, "
      "memory.memsw.limit_in_bytes=unlimited, "
      "pids.max=9\n";
  EXPECT_NE(describe_sandbox(boost::json::parse(report)).find(line), std::string::npos);
  Style narrow;
  narrow.width = 70;
  const std::string folded = describe_sandbox(boost::json::parse(report), narrow);
  EXPECT_NE(folded.find("    Limits:     cpu.shares=2, memory.limit_in_bytes=unlimited,\n"
                        "                memory.memsw.limit_in_bytes=unlimited, pids.max=9\n"),
            std::string::npos)
      << folded;
}

// The last column has lines of its own where it has no room beside the others.
TEST_F(Describe, TheMapOfNamespacesFitsANarrowTerminal) {
  const auto report = boost::json::parse(R"({"namespaces": [
   {"holder": "pause", "pid": 30089, "ids": {"net": 4026532400, "pid": 4026531836}},
   {"holder": "container/nginx-frontend", "pid": 30090, "ids": {"net": 4026532400, "pid": 4026532536}},
   {"holder": "container/log-sidecar", "pid": 30093, "ids": {"net": 4026532400, "pid": 4026532705}}],
   "host": {"net": 1, "pid": 4026531836}})");
  EXPECT_EQ(namespace_map(View(report), false, {.colour = false, .width = 40}),
            R"(TYPE   INODE        KIND     HOLDER
net    4026532400   shared   pause (30089)
  used by: pause, nginx-frontend,
           log-sidecar
pid    4026531836   host     the host
  used by: pause
pid    4026532536   own      nginx-frontend (30090)
pid    4026532705   own      log-sidecar (30093)
)");
  EXPECT_NE(namespace_map(View(report), false, {.colour = false, .width = 80})
                .find("pause (30089)            pause, nginx-frontend,\n"),
            std::string::npos);
}

TEST_F(Describe, ValuesGoOnBelowThemselves) {
  const std::string text =
      "Degraded Here:  oom_score_adj of pause: needs CAP_SYS_RESOURCE\n"
      "  Path:  /a/path/that/is/longer/than/the/terminal/is/wide\n"
      "  short\n";
  EXPECT_EQ(fold_values(text, 0), text);
  EXPECT_EQ(fold_values(text, 40),
            "Degraded Here:  oom_score_adj of pause:\n"
            "                needs CAP_SYS_RESOURCE\n"
            "  Path:  /a/path/that/is/longer/than/the/terminal/is/wide\n"
            "  short\n");
}

TEST_F(Describe, TheSandbox) {
  EXPECT_EQ(describe_sandbox(boost::json::parse(kReport)), R"(Namespaces:
  TYPE   INODE   KIND     HOLDER       USED BY
  net    100     shared   pause (10)   pause, a, b
  ipc    101     shared   pause (10)   pause, a, b
  uts    102     shared   pause (10)   pause, a, b
  pid    4       host     the host     pause
  pid    104     own      a (11)       a
  pid    106     own      b (12)       b
  mnt    103     own      pause (10)   pause
  mnt    105     own      a (11)       a
  mnt    107     own      b (12)       b
  user   5       host     the host     pause, a, b
Cgroups:
  pod:
    Path:       /podctl-1/pods/x
    Limits:     cpu.shares=102
    CPU:        1.50 ms used, throttled in 2 of 9 periods, pressure 1.20 %
    Memory:     1.0 MiB, peak 2.0 MiB
    Processes:  3
    I/O:        4.0 KiB read, 0 B written, pressure 0.30 %
    a:
      Path:       /podctl-1/pods/x/a
      Limits:     <none>
      CPUs:       1,3 (its own)
      CPU:        0 µs used
      Memory:     0 B, killed for memory 1 times
      Processes:  1
Network:
  Host End:   veth1 on bridge podctl0
  Pod End:    eth0, MAC aa:bb
  Addresses:  10.8.0.2/20
  Gateways:   10.8.0.1
  Routes:     default via 10.8.0.1
Root File Systems:
  a:
    Writable:   yes
    Upper:      /u
    Layers:     /l2
                /l1
Degraded Here:  oom_score_adj: needs CAP_SYS_RESOURCE
)");
}

TEST_F(Describe, TheMatrixOfAllPods) {
  boost::json::array all{boost::json::parse(kReport)};
  EXPECT_EQ(namespace_matrix(boost::json::value(all), false, false, true),
            "POD   HOLDER   PID   NET      IPC      UTS      PIDNS   MNT   CGROUP   USER\n"
            "web   pause    10    shared   shared   shared   host    own   -        host\n"
            "web   a        11    shared   shared   shared   own     own   -        host\n"
            "web   b        12    shared   shared   shared   own     own   -        host\n");
}

}  // namespace
}  // namespace podctl::cli
