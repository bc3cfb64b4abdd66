// What Kubernetes refuses in a pod, in its words: a line of a manifest and the faults of it, field
// and text, in the order of the file.
#include <gtest/gtest.h>

#include "podctl/api/manifest.hpp"
#include "podctl/api/sysctls.hpp"

namespace podctl::api {
namespace {

struct Case {
  std::string line;
  std::string faults;  // "field: text", one a line
};

std::string faults_of(const std::string& text) {
  std::string out;
  for (const Fault& f : load_manifests(text).faults) {
    out += (out.empty() ? "" : "\n") + f.field + ": " + f.text;
  }
  return out;
}

// `spec` comes before the containers, `container` into the first.
std::string pod(const std::string& spec, const std::string& container) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n" + spec +
         "  containers:\n  - name: c\n    image: i:1\n" + container;
}

void expect_of_spec(std::initializer_list<Case> cases) {
  for (const Case& c : cases)
    EXPECT_EQ(faults_of(pod("  " + c.line + "\n", "")), c.faults) << c.line;
}

void expect_of_container(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    EXPECT_EQ(faults_of(pod("  volumes: [{name: v}]\n", "    " + c.line + "\n")), c.faults)
        << c.line;
  }
}

TEST(ApiValidate, WhatPodctlCannotServe) {
  const auto faults = [](const std::string& spec, const std::string& container) {
    std::string out;
    for (const Fault& f : load_manifests(pod(spec, container), "default", Bar::kPodctl).faults) {
      out += f.field + " " + std::to_string(f.at.line) + ":" + std::to_string(f.at.column) + " " +
             f.text + "\n";
    }
    return out;
  };
  EXPECT_EQ(
      faults(
          "  hostUsers: true\n  volumes: [{name: v, emptyDir: {}}]\n  os: {name: linux}\n",
          "    env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}]\n"),
      "");
  EXPECT_EQ(
      faults("  hostPID: false\n  os: {name: windows}\n  runtimeClassName: kata\n"
             "  volumes: [{name: v, nfs: {server: s, path: /}}, {name: w}]\n"
             "  securityContext: {sysctls: [{name: kernel/msgmax, value: '1'}, {name: "
             "vm/swappiness, value: '1'}]}\n",
             "    env: [{name: A, valueFrom: {fileKeyRef: {path: a, volumeName: w, key: k}}}]\n"
             "    envFrom: [{secretRef: {name: s}}]\n"),
      "spec.os.name 6:14 Forbidden: podctl runs pods of linux\n"
      "spec.runtimeClassName 7:21 Forbidden: there is no other runtime here that a RuntimeClass "
      "could name: podctl runs every pod itself\n"
      "spec.volumes[0].nfs 8:23 Forbidden: no driver, server or cloud stands behind one machine "
      "that could provide such a volume\n"
      "spec.securityContext.sysctls[1].name 9:73 Forbidden: sysctl \"vm/swappiness\" not "
      "allowlisted: no pod has it of its own, so it would be the whole machine's\n");
}

TEST(ApiValidate, SysctlsThatSomebodyAllows) {
  for (const char* pattern :
       {"net.*", "net.core.*", "net.core.somaxconn", "kernel.msg*", "kernel.sem", "kernel/shmmax",
        "fs.mqueue.*", "net.ipv4.conf.eth0/1.forwarding"}) {
    EXPECT_EQ(check_sysctl_pattern(pattern), "") << pattern;
  }
  for (const char* pattern : {"", "*", "net*", "kernel.*", "fs.*", "fs.mqueue", "vm.swappiness",
                              "net.*.x", "net.**", "Net.core.*", "net..x", "kernel.se*"}) {
    EXPECT_NE(check_sysctl_pattern(pattern), "") << pattern;
  }
  EXPECT_TRUE(allowed_sysctl("net/core/somaxconn", {"kernel.sem", "net.core.*"}));
  EXPECT_TRUE(allowed_sysctl("net.core.somaxconn", {"net/core/somaxconn"}));
  EXPECT_TRUE(allowed_sysctl("net.ipv4.tcp_syncookies", {}));
  EXPECT_FALSE(allowed_sysctl("net.core.somaxconn", {"net.core.somax", "kernel.*"}));
  EXPECT_FALSE(allowed_sysctl("vm.swappiness", {"*"}));
}

TEST(ApiValidate, APodWithUsersOfItsOwnHasNoOthersAndNothingOfTheHosts) {
  const auto faults = [](const std::string& spec, const std::string& container) {
    std::string out;
    for (const Fault& f : load_manifests(pod(spec, container), "default", Bar::kPodctl).faults)
      out += f.field + " " + f.text + "\n";
    return out;
  };
  const std::string most =
      "  hostUsers: false\n  shareProcessNamespace: true\n"
      "  securityContext: {runAsUser: 65535, runAsGroup: 65535, fsGroup: 65535, "
      "supplementalGroups: [65535]}\n";
  const std::string container =
      "    securityContext: {runAsUser: 0, privileged: true, procMount: Unmasked}\n";
  EXPECT_EQ(faults(most, container), "");
  const std::string ids =
      ": must be between 0 and 65535, inclusive, when `hostUsers` is false: the pod's user "
      "namespace has no other ids\n";
  EXPECT_EQ(
      faults(
          "  hostUsers: false\n  securityContext: {runAsUser: 65536, runAsGroup: 65537, fsGroup: "
          "65538, supplementalGroups: [1, 65539]}\n",
          "    securityContext: {runAsUser: 70000, runAsGroup: 70001}\n"),
      "spec.securityContext.runAsUser Invalid value: 65536" + ids +
          "spec.securityContext.runAsGroup Invalid value: 65537" + ids +
          "spec.securityContext.fsGroup Invalid value: 65538" + ids +
          "spec.securityContext.supplementalGroups[1] Invalid value: 65539" + ids +
          "spec.containers[0].securityContext.runAsUser Invalid value: 70000" + ids +
          "spec.containers[0].securityContext.runAsGroup Invalid value: 70001" + ids);
  EXPECT_EQ(faults("  hostUsers: false\n  hostNetwork: true\n  hostPID: true\n  hostIPC: true\n"
                   "  volumes: [{name: v, hostPath: {path: /x}}, {name: c, persistentVolumeClaim: "
                   "{claimName: c}}]\n",
                   "    securityContext: {privileged: true}\n"
                   "    volumeMounts: [{name: v, mountPath: /v, mountPropagation: Bidirectional}]\n"
                   "    volumeDevices: [{name: c, devicePath: /dev/x}]\n"),
            "spec.hostNetwork Forbidden: when `hostUsers` is false\n"
            "spec.hostPID Forbidden: when `hostUsers` is false\n"
            "spec.hostIPC Forbidden: when `hostUsers` is false\n"
            "spec.containers[0].volumeMounts[0].mountPropagation Forbidden: may not be "
            "Bidirectional when "
            "`hostUsers` is false: what the pod's root mounts must not reach the host\n"
            "spec.containers[0].volumeDevices Forbidden: when `hostUsers` is false\n");
}

TEST(ApiValidate, Affinity) {
  const std::string required = "requiredDuringSchedulingIgnoredDuringExecution",
                    preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  const std::string node = "spec.affinity.nodeAffinity.", pods = "spec.affinity.podAffinity.";
  auto of_node = [&](const std::string& r) {
    return "affinity: {nodeAffinity: {" + required + ": {nodeSelectorTerms: [{matchExpressions: [" +
           r + "]}]}}}";
  };
  const std::string first = node + required + ".nodeSelectorTerms[0].matchExpressions[0].";
  expect_of_spec({
      {of_node("{key: a, operator: In, values: [b]}, {key: x/y, operator: Gt, values: [\"3\"]}"),
       ""},
      {"affinity: {nodeAffinity: {" + required + ": {nodeSelectorTerms: []}}}",
       node + required +
           ".nodeSelectorTerms: Required value: must have at least one node selector term"},
      {of_node("{key: a, operator: In}"),
       first + "values: Required value: must be specified when `operator` is 'In' or 'NotIn'"},
      {of_node("{key: a, operator: Exists, values: [b]}"),
       first +
           "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"},
      {of_node("{key: a, operator: Lt, values: [\"1\", \"2\"]}"),
       first + "values: Required value: must be specified single value when `operator` is 'Lt' or "
               "'Gt'"},
      {of_node("{key: a, operator: Is}"),
       first +
           "operator: Unsupported value: \"Is\": supported values: \"DoesNotExist\", \"Exists\", "
           "\"Gt\", \"In\", \"Lt\", \"NotIn\""},
      {"affinity: {nodeAffinity: {" + preferred + ": [{weight: 101, preference: {}}]}}",
       node + preferred + "[0].weight: Invalid value: 101: must be in the range 1-100"},
      {"affinity: {podAffinity: {" + required + ": [{topologyKey: \"\"}]}}",
       pods + required + "[0].topologyKey: Required value"},
      {"affinity: {podAffinity: {" + required +
           ": [{topologyKey: a, labelSelector: {matchExpressions: [{key: a, operator: NotIn}]}}]}}",
       pods + required +
           "[0].labelSelector.matchExpressions[0].values: Required value: must be "
           "specified when `operator` is 'In' or 'NotIn'"},
      {"affinity: {podAntiAffinity: {" + preferred +
           ": [{weight: 0, podAffinityTerm: {topologyKey: a}}]}}",
       "spec.affinity.podAntiAffinity." + preferred +
           "[0].weight: Invalid value: 0: must be in the range 1-100"},
  });
}

TEST(ApiValidate, TolerationsSpreadsAndGates) {
  const std::string spread = "topologySpreadConstraints: ";
  expect_of_spec({
      {"tolerations: [{operator: Exists}, {key: a, value: b, effect: NoExecute, tolerationSeconds: "
       "5}]",
       ""},
      {"tolerations: [{operator: Equal}]",
       "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` "
       "is "
       "empty, which means \"match all values and all keys\""},
      {"tolerations: [{key: a, operator: Exists, value: b}]",
       "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is "
       "'Exists'"},
      {"tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 5}]",
       "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when "
       "`tolerationSeconds` is set"},
      {spread + "[{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule, minDomains: 2}]",
       ""},
      {spread + "[{maxSkew: 0, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]",
       "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero"},
      {spread + "[{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}]",
       "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if "
       "whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"},
      {spread + "[{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}, {maxSkew: 2, "
                "topologyKey: a, whenUnsatisfiable: ScheduleAnyway}]",
       "spec.topologySpreadConstraints[1]: Duplicate value: \"{a, ScheduleAnyway}\""},
      {"schedulingGates: [{name: a}, {name: a}]",
       "spec.schedulingGates[1]: Duplicate value: \"a\""},
  });
}

TEST(ApiValidate, EnvironmentSources) {
  const std::string from = "spec.containers[0].env[0].valueFrom";
  auto env = [](const std::string& source) {
    return "env: [{name: A, valueFrom: {" + source + "}}]";
  };
  expect_of_container({
      {env("fieldRef: {fieldPath: status.podIPs}"), ""},
      {env("fieldRef: {fieldPath: \"metadata.labels['a/b']\"}"), ""},
      // One quote that would be both.
      {env("fieldRef: {fieldPath: \"metadata.labels[']\"}"),
       from + ".fieldRef.fieldPath: Invalid value: \"metadata.labels[']\": error converting "
              "fieldPath: field label not supported: metadata.labels[']"},
      {env("fieldRef: {fieldPath: spec.foo}"),
       from + ".fieldRef.fieldPath: Invalid value: \"spec.foo\": error converting fieldPath: field "
              "label "
              "not supported: spec.foo"},
      {env("resourceFieldRef: {resource: limits.memory, divisor: 1Mi}"), ""},
      {env("resourceFieldRef: {resource: limits.cpu, divisor: \"3\"}"),
       from + ".resourceFieldRef.divisor: Invalid value: \"3\": only divisor's values 1m and 1 are "
              "supported with the cpu resource"},
      {env("resourceFieldRef: {resource: limits.foo}"),
       from + ".resourceFieldRef.resource: Unsupported value: \"limits.foo\": supported values: "
              "\"limits.cpu\", \"limits.ephemeral-storage\", \"limits.memory\", \"requests.cpu\", "
              "\"requests.ephemeral-storage\", \"requests.memory\""},
      {env("configMapKeyRef: {name: m, key: a/b}"),
       from + ".configMapKeyRef.key: Invalid value: \"a/b\": a valid config key must consist of "
              "alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
              "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"},
      {env("secretKeyRef: {name: S, key: k}"),
       from + ".secretKeyRef.name: Invalid value: \"S\": a lowercase RFC 1123 subdomain must "
              "consist of lower case alphanumeric characters, '-' or '.', and must start and end "
              "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
              "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"},
      {env(""), from +
                    ": Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, "
                    "`configMapKeyRef` or `secretKeyRef`"},
      {env("fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: s, key: k}"),
       from + ": Invalid value: \"\": may not have more than one field specified at a time"},
  });
}

TEST(ApiValidate, HandlersRulesAndDevices) {
  const std::string c = "spec.containers[0].";
  expect_of_container({
      {"lifecycle: {preStop: {}}",
       c + "lifecycle.preStop: Required value: must specify a handler type"},
      {"lifecycle: {preStop: {sleep: {seconds: 1}, exec: {command: [a]}}}",
       c + "lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type"},
      {"livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: \"a b\", value: x}]}}",
       c + "livenessProbe.httpGet.httpHeaders[0].name: Invalid value: \"a b\": a valid HTTP header "
           "must "
           "consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
           "validation "
           "is '[-A-Za-z0-9]+')"},
      {"livenessProbe: {grpc: {port: 1}, successThreshold: 2}",
       c + "livenessProbe.successThreshold: Invalid value: 2: must be 1"},
      {"restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [1]}}]",
       c + "restartPolicy: Required value: must specify restartPolicy when restart rules are used"},
      {"restartPolicy: Never\n    restartPolicyRules: [{action: Restart}]",
       c + "restartPolicyRules[0].exitCodes: Required value: must be specified"},
      {"volumeDevices: [{name: v, devicePath: /dev/x}]",
       c + "volumeDevices[0].name: Invalid value: \"v\": can only use volume source type of "
           "PersistentVolumeClaim or Ephemeral for block mode"},
      {"resizePolicy: [{resourceName: foo, restartPolicy: NotRequired}]",
       c + "resizePolicy[0].resourceName: Unsupported value: \"foo\": supported values: \"cpu\", "
           "\"memory\""},
      {"securityContext: {procMount: Unmasked}",
       c + "securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to "
           "use "
           "`Unmasked`"},
      {"securityContext: {appArmorProfile: {type: Localhost}}",
       c + "securityContext.appArmorProfile.localhostProfile: Required value: must be set when "
           "AppArmor "
           "type is Localhost"},
  });
}

TEST(ApiValidate, ResourcesOfPodAndContainersFit) {
  const std::string c = "spec.containers[0].resources", one = "resources: {limits: {cpu: 1}";
  // The pod level's line, the container's, and the faults.
  const auto expect = [](const std::string& spec, const std::string& container,
                         const std::string& faults) {
    EXPECT_EQ(faults_of(pod("  " + spec + "\n", "    " + container + "\n")), faults) << container;
  };
  expect("resources: {requests: {cpu: 2}}", "resources: {requests: {cpu: 2}}", "");
  expect("resources: {requests: {cpu: 1}}", "resources: {requests: {cpu: 1500m}}",
         "spec.resources.requests.cpu: Invalid value: \"1\": must be greater than or equal to "
         "aggregate container requests of 1500m");
  expect("resources: {limits: {cpu: 2}}", "resources: {limits: {cpu: 3}, requests: {cpu: 1}}",
         c + ".limits.cpu: Invalid value: \"3\": must be less than or equal to pod limits of 2");
  expect("resources: {limits: {cpu: 1, hugepages-2Mi: 2Mi}}",
         "resources: {limits: {cpu: 1, hugepages-2Mi: 4Mi}}",
         "spec.resources.requests.hugepages-2Mi: Invalid value: \"2Mi\": must be greater than or "
         "equal to aggregate container requests of 4Mi\n"
         "spec.resources.limits.hugepages-2Mi: Invalid value: \"2Mi\": must be greater than or "
         "equal to aggregate container limits of 4Mi\n" +
             c +
             ".limits.hugepages-2Mi: Invalid value: \"4Mi\": must be less than or equal to pod "
             "limits of 2Mi");
  expect("hostPID: false", "resources: {limits: {hugepages-2Mi: 2Mi}}",
         c + ": Forbidden: HugePages require cpu or memory");
  expect("resources: {requests: {cpu: 1}, claims: [{name: a}]}", one + "}",
         "spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level");
  expect("hostPID: false", one + ", claims: [{name: a}]}",
         c + ".claims[0]: Not found: \"a\": must be one of the names in pod.spec.resourceClaims "
             "which is empty");
  expect("resourceClaims: [{name: a, resourceClaimName: x}, {name: b, resourceClaimName: x}]",
         one +
             ", claims: [{name: a, request: r}, {name: a, request: s}, {name: b}, {name: b}, "
             "{name: d}]}",
         c + ".claims[3]: Duplicate value: \"b\"\n" + c +
             ".claims[4]: Not found: \"d\": must be one of the names in pod.spec.resourceClaims: "
             "a, b");
}

TEST(ApiValidate, WhatHangsTogetherInThePod) {
  expect_of_spec({
      {"hostnameOverride: a.b\n  setHostnameAsFQDN: false", ""},
      {"hostnameOverride: a.b\n  setHostnameAsFQDN: true",
       "spec.setHostnameAsFQDN: Forbidden: may not be true when `hostnameOverride` is set"},
  });
  const std::string sleep = "spec.containers[0].lifecycle.preStop.sleep.seconds: Invalid value: ";
  const std::string why = ": must be non-negative and less than terminationGracePeriodSeconds (30)";
  expect_of_container({
      {"lifecycle: {preStop: {sleep: {seconds: 30}}}", ""},
      {"lifecycle: {preStop: {sleep: {seconds: 31}}}", sleep + "31" + why},
      {"lifecycle: {preStop: {sleep: {seconds: -1}}}", sleep + "-1" + why},
  });
}

TEST(ApiValidate, OwnersAndFinalizers) {
  const auto of = [](const std::string& line) {
    return faults_of("apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  " + line +
                     "\nspec: {containers: [{name: c, image: i:1}]}\n");
  };
  const std::string ref = "{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: u",
                    at = "metadata.ownerReferences[0]";
  EXPECT_EQ(of("ownerReferences: [" + ref + ", controller: true}]"), "");
  EXPECT_EQ(of("ownerReferences: [{}]"),
            at + ".apiVersion: Required value\n" + at + ".kind: Required value\n" + at +
                ".name: Required value\n" + at + ".uid: Required value");
  EXPECT_EQ(of("ownerReferences: [{apiVersion: apps/, kind: K, name: r, uid: u}]"),
            at + ".apiVersion: Invalid value: \"apps/\": version must not be empty");
  EXPECT_EQ(of("ownerReferences: [{apiVersion: v1, kind: Event, name: r, uid: u}]"),
            at + ": Invalid value: \"\": /v1, Kind=Event is disallowed from being an owner");
  EXPECT_EQ(
      of("ownerReferences: [" + ref + ", controller: true}, " + ref + "2, controller: true}]"),
      "metadata.ownerReferences[1].controller: Invalid value: \"true\": Only one reference can "
      "have Controller set to true. Found \"true\" in references for ReplicaSet/r and "
      "ReplicaSet/r");
  EXPECT_EQ(of("finalizers: [orphan, kubernetes, example.com/f]"), "");
  EXPECT_EQ(of("finalizers: [foo]"),
            "metadata.finalizers[0]: Invalid value: \"foo\": name is neither a standard finalizer "
            "name nor is it fully qualified");
  EXPECT_EQ(of("finalizers: [orphan, foregroundDeletion]"),
            "metadata.finalizers: Invalid value: \"foregroundDeletion\": finalizer orphan and "
            "foregroundDeletion cannot be both set");
}

TEST(ApiValidate, AVolumeHasOneSource) {
  expect_of_spec({
      {"volumes: [{name: w, emptyDir: {}, secret: {secretName: \"\"}}]",
       "spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"},
      {"volumes: [{name: w, secret: {}}]", "spec.volumes[0].secret.secretName: Required value"},
      {"volumes: [{name: w, nfs: {server: s, path: rel}}]",
       "spec.volumes[0].nfs.path: Invalid value: \"rel\": must be an absolute path"},
      {"volumes: [{name: w, projected: {sources: [{secret: {name: a}, configMap: {name: b}}]}}]",
       "spec.volumes[0].projected.sources[0].configMap: Forbidden: may not specify more than 1 "
       "volume "
       "type per source"},
      {"volumes: [{name: w, configMap: {name: m, items: [{key: a, path: ../b}]}}]",
       "spec.volumes[0].configMap.items[0].path: Invalid value: \"../b\": must not contain '..'"},
      {"volumes: [{name: w, secret: {secretName: s, items: [{key: a, path: ..b}]}}]",
       "spec.volumes[0].secret.items[0].path: Invalid value: \"..b\": must not start with '..'"},
      {"volumes: [{name: w, downwardAPI: {items: [{path: a}]}}]",
       "spec.volumes[0].downwardAPI.items[0]: Required value: one of fieldRef and "
       "resourceFieldRef is required"},
      {"volumes: [{name: w, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: "
       "status.podIP}}]}}]",
       "spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: "
       "\"status.podIP\": supported values: \"metadata.annotations\", \"metadata.labels\", "
       "\"metadata.name\", \"metadata.namespace\", \"metadata.uid\""},
      {"volumes: [{name: w, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: "
       "\"metadata.labels[']\"}}]}}]",
       "spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: "
       "\"metadata.labels[']\": supported values: \"metadata.annotations\", "
       "\"metadata.labels\", \"metadata.name\", \"metadata.namespace\", \"metadata.uid\""},
      {"volumes: [{name: w, downwardAPI: {items: [{path: a, resourceFieldRef: {resource: "
       "limits.cpu}}]}}]",
       "spec.volumes[0].downwardAPI.items[0].resourceFieldRef.containerName: Required value"},
      {"volumes: [{name: w, projected: {sources: [{secret: {name: a, items: [{key: k, path: x}]}}, "
       "{configMap: {name: b, items: [{key: k, path: x}]}}]}}]",
       "spec.volumes[0].projected.sources[1].configMap.items[0].path: Invalid value: \"x\": "
       "conflicting duplicate paths"},
  });
}

}  // namespace
}  // namespace podctl::api
