#include "image_archive.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "image/unpack.hpp"
#include "mutate.hpp"
#include "podctl/image/reference.hpp"
#include "podctl/image/store.hpp"

namespace podctl::image {
namespace {

using namespace test;

constexpr Limits kLimits{.max_bytes = 1U << 20, .max_entries = 200, .max_json_bytes = 1U << 16};

std::vector<Entry> layer() {
  return {dir("a"),
          file("a/b", "text"),
          symlink("s", "a"),
          hardlink("h", "a/b"),
          file("s/c", "x"),
          file(".wh.gone", ""),
          file("a/.wh..wh..opq", ""),
          dir("../up"),
          {.path = "x", .content = "y", .mode = 04755, .xattrs = {{"user.k", "v"}}}};
}

TEST(FuzzImageReference, ParsingAgainGivesTheSame) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  fuzz::run(
      {"nginx", "docker.io/library/nginx:1.2", "localhost:5000/a/b__c:t" + digest, "[::1]:5/x"},
      [](const std::string& text) {
        const auto reference = Reference::parse(text);
        if (!reference) return;
        EXPECT_EQ(MUST(Reference::parse(reference->str())), *reference) << text;
      });
}

// A layer's bytes straight into the unpacker: digests cannot shield it here.
TEST(FuzzImageUnpack, StaysInItsDirectory) {
  TempDir temp;
  const Utf8Names names;
  UniqueFd base(::open(temp.path().c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
  unsigned n = 0;
  fuzz::run({tar(layer()), tar(layer(), Pack::kGzip), tar(layer(), Pack::kZstd)},
            [&](const std::string& data) {
              const std::string name = "l" + std::to_string(n++);
              ASSERT_EQ(::mkdirat(base.get(), name.c_str(), 0755), 0);
              ASSERT_EQ(::mkdirat(base.get(), (name + ".t").c_str(), 0755), 0);
              UniqueFd root(::openat(base.get(), name.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
              UniqueFd trash(
                  ::openat(base.get(), (name + ".t").c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
              const auto fd = fd_of(data);
              auto reader =
                  TarReader::make(fd.get(), {.label = "fuzz", .max_bytes = kLimits.max_bytes});
              if (reader) (void)unpack(**reader, root.get(), trash.get(), kLimits);
              std::filesystem::remove_all(temp.path() + "/" + name);
              std::filesystem::remove_all(temp.path() + "/" + name + ".t");
              const std::filesystem::directory_iterator left(temp.path());
              EXPECT_EQ(std::distance(begin(left), end(left)), 0)
                  << "something was made beside the layer";
            });
}

TEST(FuzzImageArchive, LoadsOrSaysWhy) {
  TempDir temp;
  auto store = MUST(Store::open(temp.path() + "/images", kLimits));
  const auto plain = tar(layer());
  fuzz::run({tar(docker_archive({plain}, {"a:1"})), tar(oci_layout({plain}, "b"), Pack::kGzip)},
            [&](const std::string& data) {
              const auto fd = fd_of(data);
              const auto loaded = store->load_archive(fd.get(), "fuzz");
              if (!loaded) {
                EXPECT_FALSE(loaded.error().message().empty());
              }
              for (const auto& image : store->list()) MUST(store->remove(image.id, nullptr));
            });
}

}  // namespace
}  // namespace podctl::image
