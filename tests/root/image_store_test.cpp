// What only the kernel can tell: that overlayfs takes the unpacked layers as they are, and that no
// kill leaves a store that lies.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "image_archive.hpp"
#include "podctl/image/store.hpp"

namespace podctl::image {
namespace {

using namespace test;
namespace fs = std::filesystem;

Result<std::vector<std::string>> load(Store& store, const std::vector<std::string>& layers,
                                      const std::string& name) {
  const auto fd = fd_of(tar(docker_archive(layers, {name}, Pack::kGzip)));
  return store.load_archive(fd.get(), name + ".tar");
}

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Runs in a child with a mount namespace of its own; the mount ends with it.
bool merged_as_expected(const Image& image, const std::string& target) {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return false;
  std::string lower;
  for (const auto& layer : image.layers) lower += (lower.empty() ? "lowerdir=" : ":") + layer;
  if (::mount("overlay", target.c_str(), "overlay", MS_RDONLY, lower.c_str()) != 0) return false;
  return !fs::exists(target + "/gone") && content(target + "/kept") == "base" &&
         content(target + "/changed") == "top" && !fs::exists(target + "/opaque/old") &&
         content(target + "/opaque/new") == "top" && !fs::exists(target + "/replaced/old") &&
         content(target + "/replaced/new") == "top" && content(target + "/dir/old") == "base";
}

TEST(ROOT_ImageStore, OverlayfsTakesTheLayersWhiteouts) {
  TempDir temp;
  fs::create_directory(temp.path() + "/merged");
  auto store = MUST(Store::open(temp.path() + "/images"));
  const auto base = tar({file("gone"), file("kept", "base"), file("changed", "base"),
                         file("opaque/old"), file("replaced/old"), file("dir/old", "base")});
  const auto top = tar({file(".wh.gone", ""), file("changed", "top"),
                        file("opaque/.wh..wh..opq", ""), file("opaque/new", "top"),
                        file(".wh.replaced", ""), file("replaced/new", "top"), dir("dir")});
  MUST(load(*store, {base, top}, "a"));
  const auto image = MUST(store->resolve("a"));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(merged_as_expected(image, temp.path() + "/merged") ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

[[noreturn]] void load_and_remove_for_ever(const std::string& path,
                                           const std::vector<std::string>& layers) {
  auto store = Store::open(path);
  if (!store) ::_exit(1);
  for (int i = 0;; ++i) {
    (void)load(**store, layers, "n" + std::to_string(i % 3));
    if (i % 4 == 3) (void)(*store)->remove("n" + std::to_string(i % 3), nullptr);
  }
}

TEST(ROOT_ImageStore, KillsAtAnyMomentLeaveAWholeStore) {
  TempDir temp;
  const std::string path = temp.path() + "/images";
  std::vector<Entry> many;
  for (int i = 0; i < 60; ++i) many.push_back(file("d/" + std::to_string(i), std::to_string(i)));
  const std::vector<std::string> layers{tar(many), tar({file("top", "x")})};
  for (int round = 0; round < 25; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) load_and_remove_for_ever(path, layers);
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + round * 7));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const auto store = Store::open(path);
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_TRUE(fs::is_empty(path + "/tmp"));
    for (const auto& image : (*store)->list()) {
      ASSERT_EQ(image.layers.size(), 2U);
      for (int i = 0; i < 60; ++i)
        EXPECT_EQ(content(image.layers[1] + "/d/" + std::to_string(i)), std::to_string(i));
      EXPECT_EQ(content(image.layers[0] + "/top"), "x");
    }
  }
}

}  // namespace
}  // namespace podctl::image
