// Manifests, good and faulty, with the exact text a user sees; defaults, changes, support, explain.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <ctime>
#include <set>

#include "api/prose.hpp"
#include "podctl/api/claim.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/defaults.hpp"
#include "podctl/api/diff.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/explain.hpp"
#include "podctl/api/manifest.hpp"
#include "podctl/api/resources_math.hpp"
#include "podctl/api/support.hpp"

namespace podctl::api {
namespace {

// A pod whose first container ends with these lines.
std::string with(const std::string& container_lines) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  volumes: [{name: v}]\n"
         "  containers:\n  - name: c\n    image: i:1\n" +
         container_lines;
}

std::string first_fault(const std::string& text) {
  auto loaded = load_manifests(text);
  if (loaded.faults.empty()) return "";
  const Fault& f = loaded.faults[0];
  return std::to_string(f.at.line) + ":" + std::to_string(f.at.column) + ": " + f.field + ": " +
         f.text;
}

TEST(ApiManifest, FaultsOfAContainer) {
  struct {
    const char *lines, *fault;
  } cases[] = {
      {"", ""},
      {"    imge: x\n",
       "9:5: spec.containers[0].imge: unknown field \"imge\", did you mean \"image\"?"},
      {"    args: foo\n", "9:11: spec.containers[0].args: must be a list, not a string"},
      {"    tty: \"yes\"\n", "9:10: spec.containers[0].tty: must be true or false, not a string"},
      {"    tty: yes\n", ""},
      {"    env: [{name: A, value: 1}]\n",
       "9:28: spec.containers[0].env[0].value: must be a string, not a number (write \"1\")"},
      {"    env: [{value: x}]\n", "9:11: spec.containers[0].env[0].name: Required value"},
      {"    env: [{name: a=b}]\n",
       "9:18: spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable "
       "name must consist only of printable ASCII characters other than '='"},
      {"    ports: [{containerPort: 0644}]\n", ""},
      {"    ports: [{containerPort: 1e3}]\n", ""},
      {"    ports: [{containerPort: 70000}]\n",
       "9:29: spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 "
       "and "
       "65535, inclusive"},
      {"    ports: [{containerPort: 99999999999}]\n",
       "9:29: spec.containers[0].ports[0].containerPort: 99999999999 does not fit in 32 bits"},
      {"    ports: [{containerPort: 1, protocol: tcp}]\n",
       "9:42: spec.containers[0].ports[0].protocol: Unsupported value: \"tcp\": supported values: "
       "\"SCTP\", \"TCP\", \"UDP\""},
      {"    resources: {limits: {cpu: 1x}}\n",
       "9:31: spec.containers[0].resources.limits.cpu: Invalid value: \"1x\": quantities must "
       "match the "
       "regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
      {"    resources: {requests: {cpu: 2}, limits: {cpu: 1}}\n",
       "9:33: spec.containers[0].resources.requests.cpu: Invalid value: \"2\": must be less than "
       "or "
       "equal to cpu limit of 1"},
      {"    resources: {requests: {memory: -1}}\n",
       "9:36: spec.containers[0].resources.requests.memory: Invalid value: \"-1\": must be greater "
       "than "
       "or equal to 0"},
      {"    volumeMounts: [{name: w, mountPath: /x}]\n",
       "9:27: spec.containers[0].volumeMounts[0].name: Not found: \"w\""},
      {"    volumeMounts: [{name: v, mountPath: /x}, {name: v, mountPath: /x}]\n",
       "9:67: spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/x\": must be unique"},
      {"    livenessProbe: {}\n",
       "9:5: spec.containers[0].livenessProbe: Required value: must specify a handler type"},
      {"    securityContext: {runAsUser: -1}\n",
       "9:34: spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 "
       "and "
       "2147483647, inclusive"},
      {"    image: j\n", "9:5: spec.containers[0].image: key \"image\" is set twice"},
      {"  - name: c\n    image: i\n", "9:11: spec.containers[1].name: Duplicate value: \"c\""},
      {"  restartPolicy: Sometimes\n",
       "9:18: spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", "
       "\"Never\", \"OnFailure\""},
      {"  hostPID: true\n  shareProcessNamespace: true\n",
       "10:26: spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID "
       "cannot both be enabled"},
      {"    command: [a\n", "10:1: : end of sequence flow not found"},
      {"\t  tty: true\n", "9:1: : a tab cannot indent YAML: use spaces"},
  };
  for (const auto& c : cases) EXPECT_EQ(first_fault(with(c.lines)), c.fault) << c.lines;
}

TEST(ApiManifest, KindsAndDocuments) {
  EXPECT_EQ(first_fault("kind: Service\napiVersion: v1\n"),
            "1:7: kind: kind \"Service\" is not supported: podctl takes Pod, ConfigMap, Secret, "
            "PersistentVolumeClaim");
  EXPECT_EQ(first_fault("a: 1\n"), "1:1: kind: Required value");
  EXPECT_EQ(first_fault("- a\n"), "1:1: : an object is a map with apiVersion and kind, not a list");
  auto two = load_manifests(with("") + "---\n# nothing\n---\n" + with("    imge: x\n"));
  EXPECT_EQ(two.manifests.size(), 2u);
  ASSERT_EQ(two.faults.size(), 1u);
  EXPECT_EQ(two.faults[0].at.line, 20u);
  auto list = load_manifests(
      R"({"kind":"List","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},
          "spec":{"containers":[{"name":"c","image":"i"}]}}]})",
      "team");
  ASSERT_EQ(list.manifests.size(), 1u);
  EXPECT_TRUE(list.faults.empty());
  EXPECT_EQ(list.manifests[0].pod.metadata.namespace_, "team");
}

std::string all_faults(const std::string& text) {
  std::string all;
  for (const Fault& f : load_manifests(text).faults)
    all += std::to_string(f.at.line) + ":" + std::to_string(f.at.column) + ": " + f.field + ": " +
           f.text + "\n";
  return all;
}

TEST(ApiManifest, ListsAreStrict) {
  const std::string list = "apiVersion: v1\nkind: List\n";
  EXPECT_EQ(all_faults(list + "items: []\n"), "");
  EXPECT_EQ(all_faults(list + "metadata: {resourceVersion: ''}\nitems:\n"), "");
  EXPECT_EQ(all_faults(list + "items: []\nbogus: 1\n"), "4:1: bogus: unknown field \"bogus\"\n");
  EXPECT_EQ(all_faults(list + "items: 3\n"), "3:8: items: must be a list, not a number\n");
  EXPECT_EQ(all_faults(list), "1:1: items: Required value\n");
  EXPECT_EQ(all_faults(list + "itmes: []\n"),
            "1:1: items: Required value\n"
            "3:1: itmes: unknown field \"itmes\", did you mean \"items\"?\n");
  EXPECT_EQ(all_faults(R"({"kind": "PodList", "items": {}})"),
            "1:30: items: must be a list, not a map\n");
}

TEST(ApiManifest, SlipsAtTheTopAreNamed) {
  EXPECT_EQ(all_faults("apiversion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: "
                       "[{name: c, image: i, tty: 3}]}\n"),
            "1:1: apiVersion: Required value\n"
            "1:1: apiversion: unknown field \"apiversion\", did you mean \"apiVersion\"?\n"
            "4:46: spec.containers[0].tty: must be true or false, not a number\n");
  EXPECT_EQ(all_faults("apiVersion: v1\nKind: Pod\ndata: {}\n"),
            "1:1: kind: Required value\n"
            "2:1: Kind: unknown field \"Kind\", did you mean \"kind\"?\n");
}

TEST(ApiManifest, LongLinesAreClippedAroundThePlace) {
  const std::string a(500, 'a');
  const std::string fill = "\xc3\xa9" + a;
  const Fault fault{"f", "", "wrong", {1, 503}};
  EXPECT_EQ(render(fault, "x", fill + "HERE" + a), "x:1:503: f: wrong\n  …" + a.substr(0, 60) +
                                                       "HERE" + a.substr(0, 56) + "…\n   " +
                                                       std::string(60, ' ') + "^\n");
  EXPECT_EQ(render({"f", "", "wrong", {1, 2}}, "x", a),
            "x:1:2: f: wrong\n  " + a.substr(0, 61) + "…\n   ^\n");
  EXPECT_EQ(render({"f", "", "wrong", {1, 501}}, "x", a),
            "x:1:501: f: wrong\n  …" + a.substr(0, 60) + "\n   " + std::string(60, ' ') + "^\n");
  // No character is cut in two.
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "\xc3\xa9";
  const std::string text = render({"f", "", "wrong", {1, 200}}, "x", accents);
  EXPECT_EQ(text.find("?"), std::string::npos) << text;
  EXPECT_EQ(
      render({"f", "", "wrong", {1, 301}}, "x", std::string(300, 'a') + std::string(300, '\x80')),
      "x:1:301: f: wrong\n  …" + a.substr(0, 60) + std::string(57, '?') + "…\n   " +
          std::string(60, ' ') + "^\n");
}

TEST(ApiManifest, OfManyFaultsTheFirstAreShown) {
  const Faults faults(103, Fault{"f", "", "wrong", {2, 1}});
  const std::string text = render(faults, "x", "a\nb\n");
  EXPECT_TRUE(text.starts_with("x:2:1: f: wrong\n  b\n  ^\nx:2:1: f: wrong\n"));
  EXPECT_TRUE(text.ends_with("  ^\nx: and 3 more\n"));
  EXPECT_EQ(render(Faults(1, faults[0]), "x", "a\nb\n"), "x:2:1: f: wrong\n  b\n  ^\n");
}

TEST(ApiManifest, RendersACaret) {
  std::string text = with("    imge: x\n");
  auto loaded = load_manifests(text);
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_EQ(
      render(loaded.faults[0], "pod.yaml", text),
      "pod.yaml:9:5: spec.containers[0].imge: unknown field \"imge\", did you mean \"image\"?\n"
      "      imge: x\n      ^\n");
}

TEST(ApiManifest, RendersNothingThatATerminalObeys) {
  std::string text = "a: \xc3\xa9 \x1b[31m";
  auto loaded = load_manifests(text);
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_EQ(
      render(loaded.faults[0], "pod.yaml", text),
      "pod.yaml:1:7: not UTF-8 text, or a control character\n  a: \xc3\xa9 ?[31m\n       ^\n");
  text = with("    \"im\\eage\": x\n");
  loaded = load_manifests(text);
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_EQ(render(loaded.faults[0], "pod.yaml", text).find('\x1b'), std::string::npos);
}

TEST(ApiManifest, ScalarsAsYaml11) {
  using K = Tree::Kind;
  struct {
    const char* text;
    K kind;
    std::int64_t integer;
  } cases[] = {{"0644", K::kInt, 420},
               {"0o17", K::kInt, 15},
               {"0x1F", K::kInt, 31},
               {"0b11", K::kInt, 3},
               {"1_000", K::kInt, 1000},
               {"-5", K::kInt, -5},
               {"08", K::kFloat, 0},
               {"1e3", K::kFloat, 0},
               {"yes", K::kBool, 0},
               {"Off", K::kBool, 0},
               {"n", K::kBool, 0},
               {"~", K::kNull, 0},
               {"", K::kNull, 0},
               {"null", K::kNull, 0},
               {".inf", K::kFloat, 0},
               {"1.2.3", K::kString, 0},
               {"2026-07-01", K::kString, 0},
               {"yEs", K::kString, 0},
               {"1:30", K::kString, 0}};
  for (const auto& c : cases) {
    Tree t = resolve_scalar(c.text);
    EXPECT_EQ(t.kind, c.kind) << c.text;
    EXPECT_EQ(t.integer, c.integer) << c.text;
  }
}

TEST(ApiManifest, DefaultsAndRoundTrip) {
  auto loaded = load_manifests(
      with("    ports: [{containerPort: 80}]\n    resources: {limits: {cpu: 1, memory: 1Gi}}\n"
           "    livenessProbe: {httpGet: {port: http}}\n"));
  ASSERT_TRUE(loaded.faults.empty());
  const Pod& pod = loaded.manifests[0].pod;
  EXPECT_EQ(pod.spec.restartPolicy, "Always");
  EXPECT_EQ(pod.spec.terminationGracePeriodSeconds, 30);
  EXPECT_EQ(pod.spec.containers[0].imagePullPolicy, "IfNotPresent");
  EXPECT_EQ(pod.spec.containers[0].resources->requests.at("memory").str(), "1Gi");
  EXPECT_EQ(pod.spec.containers[0].livenessProbe->periodSeconds, 10);
  EXPECT_TRUE(pod.spec.volumes[0].emptyDir.has_value());
  EXPECT_EQ(qos_class(pod), QosClass::kGuaranteed);
  auto again = load_manifests(to_yaml(type_of<Pod>(), &pod));
  ASSERT_TRUE(again.faults.empty());
  EXPECT_EQ(to_json(again.manifests[0].pod), to_json(pod));
  Pod decoded;
  EXPECT_TRUE(decode_json(to_json(pod), decoded).empty());
  EXPECT_EQ(to_json(decoded), to_json(pod));
  EXPECT_EQ(again.manifests[0].unsupported, loaded.manifests[0].unsupported);
}

TEST(ApiManifest, ResourcesAreFilledInAsTheApiServerDoes) {
  const auto loaded = load_manifests(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
      "  serviceAccountName: default\n"
      "  resources: {limits: {cpu: 2, memory: 1Gi}}\n"
      "  containers:\n"
      "  - {name: a, image: a, resources: {requests: {cpu: 0.0001}}}\n"
      "  - {name: b, image: b, resources: {limits: {cpu: 500m}}}\n");
  ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].text;
  const Pod& pod = loaded.manifests[0].pod;
  EXPECT_EQ(pod.spec.containers[0].resources->requests.at("cpu").str(), "1m");
  // The containers' sum, and the limit where none of them asks for anything.
  EXPECT_EQ(pod.spec.resources->requests.at("cpu").str(), "501m");
  EXPECT_EQ(pod.spec.resources->requests.at("memory").str(), "1Gi");
  EXPECT_EQ(qos_class(pod), QosClass::kBurstable);
  EXPECT_EQ(pod.spec.serviceAccount, "default");
}

// A plain number becomes what Go's JSON makes of it, in the file and in a request's body alike.
TEST(ApiManifest, PlainNumbersAreQuantities) {
  struct Case {
    const char *written, *kept;
  };
  for (const Case& c : std::initializer_list<Case>{{"0.5", "500m"},
                                                   {"1.5", "1500m"},
                                                   {".25", "250m"},
                                                   {"2", "2"},
                                                   {"1e7", "10M"},
                                                   {"67108864.0", "67108864"}}) {
    const auto loaded = load_manifests(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        "  - {name: a, image: a, resources: {limits: {cpu: " +
        std::string(c.written) + "}}}\n");
    ASSERT_TRUE(loaded.faults.empty()) << loaded.faults[0].text;
    const auto& manifest = loaded.manifests[0];
    EXPECT_EQ(manifest.pod.spec.containers[0].resources->limits.at("cpu").str(), c.kept);
    Pod sent;
    EXPECT_TRUE(decode_json(boost::json::serialize(to_value(manifest.tree)), sent).empty());
    EXPECT_EQ(sent.spec.containers[0].resources->limits.at("cpu").str(), c.kept) << c.written;
  }
}

// A value of the wrong type hides only what repeats it.
TEST(ApiManifest, OneWrongTypeHidesNoOtherFaultOfTheMap) {
  const auto loaded = load_manifests(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    ok: 5\n    \"a b\": c\n"
      "spec: {containers: [{name: a, image: a}]}\n");
  ASSERT_EQ(loaded.faults.size(), 2U);
  EXPECT_EQ(loaded.faults[0].field, "metadata.labels.ok");
  EXPECT_EQ(loaded.faults[1].field, "metadata.labels");
  EXPECT_EQ(loaded.faults[1].at, (Position{7, 5}));  // the key of which it tells
}

TEST(ApiManifest, YamlQuotesWhatMustBe) {
  Pod pod;
  pod.metadata.annotations = {{"a", "yes"},        {"b", "1"},
                              {"c", ": x"},        {"d", "two\nlines\n"},
                              {"e", ""},           {"f", "a # b"},
                              {"g", "tab\t"},      {"h", "plain text"},
                              {"i", "last\nopen"}, {"j", "2026-07-01T10:00:00Z"},
                              {"k", "2026-7-1"},   {"l", "2026-07"}};
  EXPECT_EQ(
      to_yaml(type_of<ObjectMeta>(), &pod.metadata),
      "annotations:\n  a: \"yes\"\n  b: \"1\"\n  c: ': x'\n  d: |\n    two\n    lines\n  e: \"\"\n"
      "  f: 'a # b'\n  g: \"tab\\t\"\n  h: plain text\n  i: |-\n    last\n    open\n"
      "  j: \"2026-07-01T10:00:00Z\"\n  k: \"2026-7-1\"\n  l: 2026-07\n");
}

TEST(ApiManifest, UnsupportedAndChanges) {
  auto loaded =
      load_manifests(with("    securityContext: {windowsOptions: {hostProcess: false}}\n"
                          "    imagePullPolicy: Always\n"));
  ASSERT_TRUE(loaded.faults.empty());
  std::vector<std::string> wanted = {"spec.containers[0].securityContext.windowsOptions",
                                     "spec.containers[0].imagePullPolicy=Always"};
  // What defaulting fills in for a tag of latest is no wish of the user's.
  EXPECT_TRUE(
      load_manifests("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n"
                     "  - {name: c, image: i, imagePullPolicy: Always}\n")
          .manifests[0]
          .unsupported.empty());
  auto sorted = loaded.manifests[0].unsupported;
  std::sort(sorted.begin(), sorted.end());
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(sorted, wanted);

  Pod live = loaded.manifests[0].pod, next = live;
  live.spec.nodeName = "here";
  live.metadata.uid = "u";
  EXPECT_TRUE(pod_change(live, next).unchanged());
  next.metadata.labels["a"] = "b";
  next.spec.containers[0].image = "i:2";
  auto change = pod_change(live, next);
  EXPECT_EQ(change.changed,
            (std::vector<std::string>{"metadata.labels.a", "spec.containers[0].image"}));
  EXPECT_TRUE(change.immutable.empty());
  next.spec.hostname = "h";
  next.spec.containers[0].command = {"x"};
  EXPECT_EQ(pod_change(live, next).immutable,
            (std::vector<std::string>{"spec.containers[0].command", "spec.hostname"}));
}

// Each line is valid; the paths are those that apply warns of.
TEST(ApiManifest, WhatIsActedOnAndWhatIsNot) {
  struct {
    const char *lines, *warned;
  } cases[] = {
      {"    volumeMounts: [{name: v, mountPath: /x, subPath: a, readOnly: true, recursiveReadOnly: "
       "Enabled}]\n",
       ""},
      {"    volumeMounts: [{name: v, mountPath: /x, mountPropagation: HostToContainer}]\n", ""},
      {"    volumeMounts: [{name: v, mountPath: /x, subPathExpr: $(A)}]\n", ""},
      {"    env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]\n", ""},
      {"    env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]\n", ""},
      {"    env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n", ""},
      {"    envFrom: [{prefix: P_, configMapRef: {name: m, optional: true}}]\n", ""},
      {"    restartPolicy: OnFailure\n    restartPolicyRules: [{action: Restart, exitCodes: "
       "{operator: "
       "In, values: [1]}}]\n",
       ""},
      {"    ports: [{containerPort: 80, hostPort: 8080}]\n", ""},
      {"    stdin: true\n    stdinOnce: true\n", ""},
      {"    resources: {requests: {ephemeral-storage: 1Gi}, limits: {ephemeral-storage: 2Gi}}\n",
       ""},
      {"  activeDeadlineSeconds: 5\n", ""},
      {"  setHostnameAsFQDN: true\n", ""},
      {"  hostnameOverride: a.b\n", ""},
      {"  resources: {limits: {cpu: 1}}\n", ""},
      {"  hostUsers: true\n", ""},
      {"  hostUsers: false\n", ""},
      {"  automountServiceAccountToken: false\n", ""},
      {"  automountServiceAccountToken: true\n", "spec.automountServiceAccountToken=true"},
      {"  securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: \"0\"}]}\n", ""},
      {"  securityContext: {supplementalGroups: [1], supplementalGroupsPolicy: Strict}\n", ""},
      {"  securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}}\n", ""},
      {"  securityContext: {fsGroup: 5, fsGroupChangePolicy: Always}\n", ""},
      {"  tolerations: [{operator: Exists}]\n", ""},
      {"  nodeSelector: {a: b}\n", ""},
      {"  volumes: [{name: v, emptyDir: {mode: 0700}}]\n", ""},
      {"  volumes: [{name: v, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]\n", ""},
      {"  volumes: [{name: v, configMap: {name: m, items: [{key: a, path: b, mode: 0400}]}}]\n",
       ""},
      {"  volumes: [{name: v, secret: {secretName: s, defaultMode: 0400, optional: true}}]\n", ""},
      {"  volumes: [{name: v, configMap: {name: m, defaultUser: 5}}]\n",
       "spec.volumes[0].configMap.defaultUser"},
      {"  volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}]\n", ""},
  };
  for (const auto& c : cases) {
    std::string text = with(c.lines);
    if (text.rfind("volumes:") != text.find("volumes:"))
      text.erase(text.find("  volumes: [{name: v}]\n"), 23);
    const auto loaded = load_manifests(text);
    ASSERT_TRUE(loaded.faults.empty()) << c.lines << loaded.faults[0].text;
    std::string warned;
    for (const auto& path : loaded.manifests[0].unsupported) warned += path;
    EXPECT_EQ(warned, c.warned) << c.lines;
  }
}

TEST(ApiManifest, ExplainsWhatIsSupportedInPart) {
  const auto line = [](const std::string& path) {
    const auto text = explain(path, false).value();
    const auto at = text.find("FIELD: ");
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(line("pod.spec.volumes.emptyDir.sizeLimit"),
            "FIELD: sizeLimit <Quantity>  (supported)");
  EXPECT_EQ(line("pod.spec.hostUsers"), "FIELD: hostUsers <boolean>  (supported)");
  EXPECT_EQ(line("pod.spec.containers.securityContext.seccompProfile.type"),
            "FIELD: type <string> -required-  (supported)");
  EXPECT_EQ(line("pod.spec.hostPID"), "FIELD: hostPID <boolean>  (supported)");
  EXPECT_EQ(line("pod.spec.runtimeClassName"),
            "FIELD: runtimeClassName <string>  (refused: there is no other runtime here that a "
            "RuntimeClass could name: podctl runs every pod itself)");
  EXPECT_EQ(line("pod.spec.volumes.nfs"),
            "FIELD: nfs <NFSVolumeSource>  (refused: no driver, server or cloud stands behind one "
            "machine that could provide such a volume)");
  EXPECT_EQ(line("pod.spec.volumes.nfs.server"), "FIELD: server <string> -required-  (refused)");
  EXPECT_EQ(line("pod.spec.ephemeralContainers.ports"),
            "FIELD: ports <[]ContainerPort>  (refused: cannot be set for an Ephemeral Container)");
  EXPECT_EQ(line("pod.spec.containers.volumeDevices.name"),
            "FIELD: name <string> -required-  (not yet)");
  EXPECT_EQ(line("pod.spec.affinity.nodeAffinity"),
            "FIELD: nodeAffinity <NodeAffinity>  (supported)");
}

TEST(ApiManifest, Explains) {
  auto text = explain("pod.spec.containers", false);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("FIELD: containers <[]Container> -required-  (supported)"),
            std::string::npos);
  EXPECT_NE(text->find("  volumeDevices\t<[]VolumeDevice>  (not yet)"), std::string::npos);
  EXPECT_TRUE(explain("pod", true));
  auto bad = explain("pod.spec.container", false);
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message().find("did you mean \"containers\"?"), std::string::npos);
}

// Fields of `type` and below that explain says nothing about.
void without_prose(const Type& type, std::set<std::string_view>& seen, std::string& out) {
  if (!seen.insert(type.name).second) return;
  for (const Field& f : type.fields) {
    if (prose(type.name, f.name).empty())
      out += std::string(type.name) + "." + std::string(f.name) + " ";
    if (f.kind == Kind::kStruct) without_prose(f.type(), seen, out);
  }
}

TEST(ApiManifest, EveryFieldIsDescribed) {
  std::set<std::string_view> seen;
  std::string missing;
  for (const Type* type : {&type_of<Pod>(), &type_of<ConfigMap>(), &type_of<Secret>(),
                           &type_of<PersistentVolumeClaim>()})
    without_prose(*type, seen, missing);
  EXPECT_EQ(missing, "");
  EXPECT_NE(explain("pod.spec.hostPID", false)
                ->find("DESCRIPTION:\n    See and signal the host's processes.\n"),
            std::string::npos);
  // Nothing is described that is not there.
  for (auto part : {prose_of_spec(), prose_of_containers(), prose_of_volumes(), prose_of_status(),
                    prose_of_config()}) {
    for (const Prose& p : part) EXPECT_TRUE(p.type == "*" || seen.count(p.type)) << p.type;
  }
}

std::string times(const std::string& s, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += s;
  return out;
}

// Each is refused before yaml-cpp could spend time or memory on it. The bound of 100 ms is widened
// for builds without optimisation and with sanitizers.
TEST(ApiManifest, BombsAreRefusedEarly) {
  std::string laughs = "a: &a [l,l,l,l,l,l,l,l,l]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    std::string up(1, static_cast<char>(c - 1));
    laughs += std::string(1, c) + ": &" + c + " [" + times("*" + up + ",", 8) + "*" + up + "]\n";
  }
  const std::string bombs[] = {laughs,
                               times("[", 200000),
                               times("{a:", 300000),
                               times("[],", 900000).insert(0, "["),
                               times("- ", 500000),
                               times("&a ", 900000),
                               times("[\n", 600000),
                               times("---\na: [\n", 200000),
                               times("a\n", 900000),
                               times("x", 3500000),
                               "a: \"" + times("x", 2900000) + "\""};
  for (const std::string& bomb : bombs) {
    const auto start = std::clock();  // of the processor, which others use too
    auto parsed = parse_documents(bomb);
    const double ms = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_FALSE(parsed.faults.empty()) << bomb.substr(0, 20);
    EXPECT_LT(ms, 500) << bomb.substr(0, 20);
  }
}

// Nor are thousands of faults a way to keep it busy: what each costs does not grow with the others.
TEST(ApiManifest, ThousandsOfFaultsAreFoundAtOnce) {
  const auto ticks = [](int keys) {
    std::string unknown = with(""), wrong = with("");
    for (int i = 0; i < keys; ++i) {
      unknown += "  unknownkey" + std::to_string(i) + ": 1\n";
      wrong += "  - name: [" + std::to_string(i) + "]\n";
    }
    const auto start = std::clock();  // of the processor, which others use too
    for (const std::string& text : {unknown, wrong}) {
      const Loaded loaded = load_manifests(text);
      EXPECT_GE(loaded.faults.size(), static_cast<std::size_t>(keys));
      render(loaded.faults, "x", text);
    }
    return std::clock() - start;
  };
  const auto few = ticks(600), many = ticks(6000);
  EXPECT_LT(many, 30 * few);  // 10 if it were linear to the last
}

// What merely looks like one is not.
TEST(ApiManifest, ScriptsAreNoBombs) {
  std::string script = "    command:\n    - sh\n    - -c\n    - |\n";
  for (int i = 0; i < 3000; ++i) script += "      if [ \"$a\" && [[ {x &b *c !d\n";
  EXPECT_EQ(first_fault(with(script)), "");
}

}  // namespace
}  // namespace podctl::api
