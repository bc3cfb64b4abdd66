// PersistentVolumeClaims: faults in Kubernetes' words, and what an update may change.
#include <gtest/gtest.h>

#include "podctl/api/claim.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/kinds.hpp"
#include "podctl/api/manifest.hpp"

namespace podctl::api {
namespace {

std::string faults_of(const std::string& spec) {
  std::string out;
  const auto loaded = load_manifests(
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec:\n" + spec);
  for (const Fault& f : loaded.faults) out += f.field + ": " + f.text + "\n";
  return out;
}

TEST(ApiClaim, Faults) {
  const std::string size = "  resources: {requests: {storage: 1Gi}}\n";
  struct {
    std::string spec, faults;
  } cases[] = {
      {size + "  accessModes: [ReadWriteOnce, ReadOnlyMany]\n  storageClassName: fast\n", ""},
      {size, "spec.accessModes: Required value: at least 1 access mode is required\n"},
      {size + "  accessModes: [ReadWriteOncePod, ReadWriteOnce]\n",
       "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes\n"},
      {size + "  accessModes: [ReadWriteTwice]\n",
       "spec.accessModes[0]: Unsupported value: \"ReadWriteTwice\": supported values: "
       "\"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"\n"},
      {"  accessModes: [ReadWriteOnce]\n", "spec.resources.requests.storage: Required value\n"},
      {"  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 0}}\n",
       "spec.resources.requests.storage: Invalid value: \"0\": must be greater than zero\n"},
      {size + "  accessModes: [ReadWriteOnce]\n  volumeMode: Block\n  selector: {}\n",
       "spec.volumeMode: Forbidden: a claim's volume is a directory here\n"
       "spec.selector: Forbidden: there are no volumes to choose\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(faults_of(c.spec), c.faults) << c.spec;
}

PersistentVolumeClaim claim(const std::string& spec) {
  PersistentVolumeClaim out;
  const auto faults = decode_json(R"({"metadata":{"name":"c","uid":"u"},"spec":{)" + spec + "}}",
                                  out, Unknown::kFault);
  EXPECT_TRUE(faults.empty());
  return out;
}
std::string sized(const std::string& size) {
  return R"("accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":")" + size + "\"}}";
}

TEST(ApiClaim, IsBoundToADirectoryUnlessItsClassIsAnother) {
  const auto& kind = kind_of<PersistentVolumeClaim>();
  auto plain = claim(sized("1Gi"));
  kind.set_defaults(&plain);
  EXPECT_EQ(plain.status.phase, "Bound");
  EXPECT_EQ(plain.spec.volumeName, "pvc-u");
  EXPECT_EQ(plain.spec.storageClassName, "podctl");
  EXPECT_EQ(plain.metadata.finalizers, std::vector<std::string>{"kubernetes.io/pvc-protection"});
  auto other = claim(sized("1Gi") + R"(,"storageClassName":"fast")");
  kind.set_defaults(&other);
  EXPECT_EQ(other.status.phase, "Pending");
  EXPECT_EQ(other.spec.volumeName, "");
}

TEST(ApiClaim, GrowsAndChangesInNothingElse) {
  const auto& kind = kind_of<PersistentVolumeClaim>();
  const auto live = claim(sized("1Gi")), larger = claim(sized("2Gi")),
             smaller = claim(sized("1Mi"));
  EXPECT_TRUE(kind.validate_update(&live, &larger).empty());
  EXPECT_EQ(kind.validate_update(&live, &smaller).at(0).text,
            "Forbidden: field can not be less than status.capacity");
  const auto other = claim(sized("1Gi") + R"(,"storageClassName":"fast")");
  EXPECT_EQ(kind.validate_update(&live, &other).at(0).field, "spec");
}

}  // namespace
}  // namespace podctl::api
