// Runs each fuzz entry of this layer over a seed corpus and over damaged forms of it, under any
// compiler.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/mutate.hpp"

#define LLVMFuzzerTestOneInput fuzz_manifest
#include "fuzz/api_manifest_fuzz.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_quantity
#include "fuzz/api_quantity_fuzz.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_jsonpath
#include "fuzz/api_jsonpath_fuzz.cpp"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_selector
#include "fuzz/api_selector_fuzz.cpp"
#undef LLVMFuzzerTestOneInput

namespace {

using Entry = int (*)(const std::uint8_t*, std::size_t);

void run(Entry entry, const std::vector<std::string>& seeds) {
  podctl::fuzz::run(seeds, [entry](const std::string& s) {
    entry(reinterpret_cast<const std::uint8_t*>(s.data()), s.size());
  });
}

// What people copy from: nearly every field of a Pod stands in one of them.
void add_manifests(std::vector<std::string>& seeds) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(PODCTL_SOURCE_DIR "/manifests")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // the same in every run
  for (const auto& file : files) {
    std::ifstream in(file);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
}

TEST(ApiFuzz, Manifest) {
  std::vector<std::string> seeds = {
      "",
      "---\n",
      "a: &a [*a]",
      "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"spec\":{}}",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n"
      "    image: i\n    resources: {limits: {cpu: 1, memory: 64Mi}}\n    ports: [{containerPort: "
      "80}]\n",
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: eA==}\nstringData: {b: c}\n"
      "type: kubernetes.io/tls\n",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\nbinaryData: {b: "
      "AA==}\n",
      "kind: List\nitems:\n- kind: Pod\n- 3\n",
      "x: |\n  a\n b: <<\n<<: {a: b}\n"};
  add_manifests(seeds);
  run(fuzz_manifest, seeds);
}
TEST(ApiFuzz, Quantity) {
  run(fuzz_quantity,
      {"1", "-1.5Gi", "1e3", "9223372036854775807E", ".5n", "2026-07-01T10:00:00.5+02:00"});
}
TEST(ApiFuzz, JsonPath) {
  run(fuzz_jsonpath, {"{.a[*].b}", "{range .a[?(@.b==\"x\")]}{.b}{\"\\n\"}{end}", "{..b}",
                      "{.a[0:2:1]}", "{['c','a']}"});
}
TEST(ApiFuzz, Selector) {
  run(fuzz_selector, {"a=b,c!=d", "a in (b, c),!d", "n>2", "metadata.name=a"});
}

}  // namespace
