#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "image_archive.hpp"
#include "podctl/image/store.hpp"

namespace podctl::image {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : store_(MUST(Store::open(temp_.path() + "/images"))) {}
  void reopen(Limits limits = {}) {
    store_.reset();
    store_ = MUST(Store::open(temp_.path() + "/images", limits));
  }
  Result<std::vector<std::string>> load(const std::vector<Entry>& entries,
                                        Pack pack = Pack::kNone) {
    const auto fd = fd_of(tar(entries, pack));
    return store_->load_archive(fd.get(), "test.tar");
  }
  std::size_t count(const std::string& directory) const {
    const fs::directory_iterator all(temp_.path() + "/images/" + directory);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  TempDir temp_;
  std::unique_ptr<Store> store_;
};

const std::string kBase = tar({dir("bin"), file("bin/sh", "#!", 0755), file("etc/name", "base")});
const std::string kTop = tar({file("etc/name", "top"), file("bin/.wh.sh", "")});

TEST_F(StoreTest, LoadsWhatDockerSaves) {
  for (const auto pack : {Pack::kNone, Pack::kGzip, Pack::kZstd}) {
    EXPECT_THAT(MUST(load(docker_archive({kBase, kTop}, {"web:1", "reg.io/web:1"}, pack))),
                ElementsAre("docker.io/library/web:1", "reg.io/web:1"));
    const auto image = MUST(store_->resolve("web:1"));
    EXPECT_THAT(image.config.cmd, ElementsAre("sh"));
    EXPECT_EQ(image.created, 1704164645);
    ASSERT_EQ(image.layers.size(), 2U);
    EXPECT_EQ(content(image.layers[0] + "/etc/name"), "top");
    EXPECT_EQ(content(image.layers[1] + "/etc/name"), "base");
    EXPECT_EQ(image.diff_ids.front(), sha256(kBase));
  }
  EXPECT_EQ(store_->list().size(), 1U);
  EXPECT_EQ(count("layers"), 2U);
  EXPECT_EQ(count("tmp"), 0U);
  // The same image under one more name: that name is what was loaded.
  EXPECT_THAT(MUST(load(docker_archive({kBase, kTop}, {"other:2"}))),
              ElementsAre("docker.io/library/other:2"));
  EXPECT_EQ(store_->list().size(), 1U);
}

TEST_F(StoreTest, LoadsOciArchivesAndLayouts) {
  for (const auto pack : {Pack::kNone, Pack::kGzip, Pack::kZstd}) {
    const auto entries = oci_layout({kBase, kTop}, "reg.io/a:1", pack);
    EXPECT_THAT(MUST(load(entries, Pack::kGzip)), ElementsAre("reg.io/a:1"));
    const std::string layout = temp_.path() + "/layout";
    for (const auto& entry : entries) {
      fs::create_directories(fs::path(layout + "/" + entry.path).parent_path());
      std::ofstream(layout + "/" + entry.path) << entry.content;
    }
    MUST(store_->remove("reg.io/a:1", nullptr));
    EXPECT_EQ(count("layers"), 0U);
    EXPECT_THAT(MUST(store_->load_path(layout)), ElementsAre("reg.io/a:1"));
    const auto image = MUST(store_->resolve("reg.io/a:1"));
    EXPECT_EQ(content(image.layers[0] + "/etc/name"), "top");
    EXPECT_EQ(MUST(store_->resolve("reg.io/a@" + image.digest)).id, image.id);
    fs::remove_all(layout);
  }
  EXPECT_EQ(count("blobs/sha256"), 4U);
}

TEST_F(StoreTest, IsItselfAnOciLayout) {
  MUST(load(docker_archive({kBase}, {"web:1"})));
  TempDir other;
  auto second = MUST(Store::open(other.path() + "/images"));
  EXPECT_THAT(MUST(second->load_path(temp_.path() + "/images")),
              ElementsAre("docker.io/library/web:1"));
  EXPECT_EQ(MUST(second->resolve("web:1")).digest, MUST(store_->resolve("web:1")).digest);
}

TEST_F(StoreTest, SurvivesReopening) {
  MUST(load(docker_archive({kBase, kTop}, {"web:1", "web:2"})));
  const auto before = MUST(store_->resolve("web:1"));
  std::ofstream(temp_.path() + "/images/blobs/sha256/" + std::string(64, 'f')) << "torn";
  fs::create_directories(temp_.path() + "/images/layers/" + std::string(64, 'e') + "/a/b");
  fs::create_directories(temp_.path() + "/images/tmp/77.0/x");
  reopen();
  const auto after = MUST(store_->resolve("web:2"));
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.names, before.names);
  EXPECT_EQ(after.config, before.config);
  EXPECT_EQ(count("layers"), 2U);
  EXPECT_EQ(count("blobs/sha256"), 4U);
  EXPECT_EQ(count("tmp"), 0U);
  EXPECT_EQ(Store::open(temp_.path() + "/images").error().code, Code::kConflict);
}

TEST_F(StoreTest, FindsByNameIdAndShortId) {
  MUST(load(docker_archive({kBase}, {"web:1"})));
  const auto id = MUST(store_->resolve("docker.io/library/web:1")).id;
  EXPECT_EQ(MUST(store_->resolve(id)).id, id);
  EXPECT_EQ(MUST(store_->resolve(id.substr(7))).id, id);
  EXPECT_EQ(MUST(store_->resolve(id.substr(7, 12))).id, id);
  EXPECT_EQ(store_->resolve("web").error().code, Code::kNotFound);
  EXPECT_EQ(store_->resolve("WEB").error().code, Code::kInvalidArgument);
  EXPECT_EQ(store_->resolve("sha256:" + std::string(64, '0')).error().code, Code::kNotFound);
  EXPECT_THAT(store_->resolve("web").error().message(),
              HasSubstr("\"web\": not in the image store"));
  EXPECT_THAT(MUST(store_->inspect("web:1")), HasSubstr("\"created\":\"2024-01-02T03:04:05Z\""));
}

TEST_F(StoreTest, LayersAreSharedAndGoWithTheLastImage) {
  MUST(load(docker_archive({kBase, kTop}, {"a"})));
  MUST(load(docker_archive({kBase}, {"b"})));
  EXPECT_EQ(count("layers"), 2U);
  MUST(store_->remove("a", nullptr));
  EXPECT_EQ(count("layers"), 1U);
  EXPECT_EQ(content(MUST(store_->resolve("b")).layers[0] + "/etc/name"), "base");
  MUST(store_->remove("b", nullptr));
  EXPECT_EQ(count("layers"), 0U);
  EXPECT_EQ(count("blobs/sha256"), 0U);
  EXPECT_EQ(count("tmp"), 0U);
}

TEST_F(StoreTest, AnImageInUseStays) {
  MUST(load(docker_archive({kBase}, {"a:1", "a:2"})));
  const auto used = [](const std::string&) { return true; };
  MUST(store_->remove("a:1", used));  // only a name
  EXPECT_EQ(store_->remove("a:2", used).error().code, Code::kFailedPrecondition);
  EXPECT_TRUE(store_->resolve("a:2"));
  EXPECT_EQ(store_->remove("zz", used).error().code, Code::kNotFound);
}

TEST_F(StoreTest, ANameMovesAndTheOldImageStays) {
  MUST(load(docker_archive({kBase}, {"a:1"})));
  const auto old = MUST(store_->resolve("a:1"));
  MUST(load(docker_archive({kTop}, {"a:1"})));
  EXPECT_NE(MUST(store_->resolve("a:1")).id, old.id);
  EXPECT_THAT(MUST(store_->resolve(old.id)).names, ElementsAre());
  MUST(store_->tag(old.id, "b:1"));
  EXPECT_EQ(MUST(store_->resolve("b:1")).id, old.id);
  reopen();
  EXPECT_EQ(MUST(store_->resolve("b:1")).id, old.id);
}

TEST_F(StoreTest, ImportsRootFileSystems) {
  const ImageConfig config{.entrypoint = {"/bin/x"},
                           .cmd = {"a"},
                           .env = {"A=b"},
                           .user = "1000",
                           .workdir = "/w",
                           .stop_signal = "SIGQUIT",
                           .exposed_ports = {"80/tcp"},
                           .volumes = {"/v"},
                           .labels = {{"k", "v"}}};
  std::string id;
  for (const auto pack : {Pack::kNone, Pack::kGzip, Pack::kZstd, Pack::kXz}) {
    const auto fd = fd_of(tar({dir("./"), file("./bin/x")}, pack));
    const auto image = MUST(store_->import_rootfs(fd.get(), "x:1", config, "r.tar"));
    EXPECT_EQ(image.config, config);
    EXPECT_THAT(image.names, ElementsAre("docker.io/library/x:1"));
    EXPECT_EQ(image.created, 1'600'000'000);
    if (id.empty()) id = image.id;
    EXPECT_EQ(image.id, id) << "the same tar is the same image";
  }
  const auto garbage = fd_of("this is no tar at all");
  EXPECT_THAT(store_->import_rootfs(garbage.get(), "y", {}, "r.tar").error().message(),
              HasSubstr("r.tar"));
}

TEST_F(StoreTest, ReadsFromAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd reader(ends[0]);
  const std::string data = tar(docker_archive({kBase}, {"a"}), Pack::kZstd);
  std::thread writer([&data, end = ends[1]] {
    UniqueFd own(end);
    EXPECT_EQ(::write(end, data.data(), data.size()), static_cast<ssize_t>(data.size()));
  });
  EXPECT_TRUE(store_->load_archive(reader.get(), "stdin"));
  writer.join();
}

TEST_F(StoreTest, EmbeddedImageIsImportedOnce) {
  std::ofstream(temp_.path() + "/b.tar") << tar({file("bin/busybox")});
  EXPECT_TRUE(MUST(ensure_embedded(*store_, temp_.path() + "/b.tar")));
  EXPECT_FALSE(MUST(ensure_embedded(*store_, temp_.path() + "/b.tar")));
  EXPECT_THAT(MUST(store_->resolve("podctl/busybox")).config.cmd, ElementsAre("sh"));
}

TEST_F(StoreTest, TheEmbeddedImageKeepsItsName) {
  std::ofstream(temp_.path() + "/b.tar") << tar({file("bin/busybox")});
  MUST(ensure_embedded(*store_, temp_.path() + "/b.tar"));
  const auto id = MUST(store_->resolve("podctl/busybox")).id;
  const auto rootfs = fd_of(tar({file("bin/other")}));
  const auto refused = store_->import_rootfs(rootfs.get(), "podctl/busybox", {}, "r.tar");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kFailedPrecondition);
  EXPECT_THAT(refused.error().message(), HasSubstr("the image that is built in"));
  EXPECT_FALSE(load(docker_archive({kBase}, {"podctl/busybox"})));
  MUST(load(docker_archive({kBase}, {"a"})));
  EXPECT_FALSE(store_->tag("a", "podctl/busybox:latest"));
  EXPECT_TRUE(store_->tag("podctl/busybox", "podctl/busybox:latest")) << "it has it already";
  EXPECT_TRUE(store_->tag("podctl/busybox", "box"));
  EXPECT_TRUE(store_->tag("a", "box")) << "another name moves";
  EXPECT_EQ(MUST(store_->resolve("podctl/busybox")).id, id);
}

TEST_F(StoreTest, SeveralThreadsLoadAndLook) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i, &good] {
      const auto fd = fd_of(tar(docker_archive({kBase, kTop}, {"n" + std::to_string(i)})));
      if (store_->load_archive(fd.get(), "t") && store_->resolve("n" + std::to_string(i))) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 4);
  EXPECT_EQ(MUST(store_->resolve("n0")).names.size(), 4U);
}

TEST_F(StoreTest, FaultsNameArchiveEntryAndReason) {
  auto wrong = docker_archive({kBase}, {"a"});
  wrong[0].content = kTop;
  EXPECT_THAT(load(wrong).error().message(),
              AllOf(HasSubstr("test.tar"), HasSubstr("its digest is")));
  wrong[0].content = packed(kTop, Pack::kGzip);
  EXPECT_THAT(load(wrong).error().message(), HasSubstr("its content's digest is"));
  wrong = docker_archive({kBase}, {"a"});
  wrong.erase(wrong.begin());
  EXPECT_THAT(load(wrong).error().message(), HasSubstr("it has no \"0/layer.tar\""));
  wrong = docker_archive({kBase}, {"A"});
  EXPECT_THAT(load(wrong).error().message(), HasSubstr("invalid reference format"));
  EXPECT_THAT(load({file("x")}).error().message(),
              HasSubstr("neither docker-archive nor OCI layout"));
  auto oci = oci_layout({kBase}, "a");
  oci[1].content += "!";
  EXPECT_THAT(load(oci).error().message(), HasSubstr("its digest is"));
  const std::string arm = config_json({}, "{}", "arm64");
  EXPECT_EQ(
      load({file("c.json", arm), file("manifest.json", R"([{"Config":"c.json","Layers":[]}])")})
          .error()
          .code,
      Code::kUnsupported);
  EXPECT_EQ(store_->list().size(), 0U);
  EXPECT_EQ(count("layers") + count("blobs/sha256") + count("tmp"), 0U);
}

TEST_F(StoreTest, OneBadImageKeepsAllOut) {
  auto entries = docker_archive({kBase}, {"a"});
  entries.back().content.pop_back();
  entries.back().content += R"(,{"Config":"none.json","Layers":[]}])";
  EXPECT_FALSE(load(entries));
  EXPECT_EQ(store_->list().size(), 0U);
}

}  // namespace
}  // namespace podctl::image
