// Hostile archives: whatever a layer says, nothing outside its directory is read, written or
// linked, and no size it claims exhausts the machine.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "image_archive.hpp"
#include "podctl/image/store.hpp"

namespace podctl::image {
namespace {

using namespace test;
namespace fs = std::filesystem;

class Hostile : public ::testing::Test {
 protected:
  Hostile() {
    fs::create_directory(temp_.path() + "/outside");
    std::ofstream(secret()) << "secret";
  }
  // Every test's outside is untouched, and no file of it is linked into a layer.
  ~Hostile() override {
    struct stat st {};
    EXPECT_EQ(::stat(secret().c_str(), &st), 0);
    EXPECT_EQ(st.st_nlink, 1U);
    EXPECT_EQ(st.st_size, 6);
    EXPECT_EQ(st.st_mode & 07777U, 0644U);
    const fs::directory_iterator all(outside());
    EXPECT_EQ(std::distance(begin(all), end(all)), 1);
  }
  std::string outside() const { return temp_.path() + "/outside"; }
  std::string secret() const { return outside() + "/secret"; }
  // From a layer's directory up to /, more than enough times.
  static std::string climb() { return "../../../../../../../../../../../../.."; }

  Result<Image> load(const std::vector<Entry>& layer, Limits limits = {}) {
    store_.reset();
    store_ = MUST(Store::open(temp_.path() + "/images", limits));
    const auto fd = fd_of(tar(docker_archive({tar(layer)}, {"evil"})));
    TRY(store_->load_archive(fd.get(), "evil.tar"));
    return store_->resolve("evil");
  }
  TempDir temp_;
  std::unique_ptr<Store> store_;
};

TEST_F(Hostile, NamesWithDotDotStayInside) {
  const auto image = MUST(load({file(climb() + outside() + "/secret", "evil"), file("../top", "x"),
                                file("a/../../b", "x"), file(secret(), "evil")}));
  EXPECT_TRUE(fs::exists(image.layers[0] + "/top"));
  EXPECT_TRUE(fs::exists(image.layers[0] + "/b"));
  EXPECT_TRUE(fs::exists(image.layers[0] + secret()));
  EXPECT_FALSE(load({dir("a"), file("a/..", "x")}));
}

TEST_F(Hostile, CVE_2018_15664_SymlinkParentsAreResolvedInside) {
  const auto image = MUST(load({symlink("abs", outside()), file("abs/secret", "evil"),
                                symlink("up", climb() + outside()), file("up/secret", "evil"),
                                symlink("chain", "up"), file("chain/new", "evil")}));
  EXPECT_TRUE(fs::exists(image.layers[0] + secret()));
  EXPECT_TRUE(fs::exists(image.layers[0] + outside() + "/new"));
}

TEST_F(Hostile, ASymlinkIsNeverWrittenThrough) {
  const auto image = MUST(load({symlink("secret", secret()), file("secret", "evil"),
                                symlink("d", outside()), dir("d", 0700), file("d/new", "x")}));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(image.layers[0] + "/secret")));
  EXPECT_TRUE(fs::is_directory(fs::symlink_status(image.layers[0] + "/d")));
}

TEST_F(Hostile, CVE_2019_14271_TheLayersOwnLibrariesAreNeverLoaded) {
  // Nothing chroots into a layer, and names are resolved by no library of it: only data is written.
  const auto image = MUST(load({file("lib/libnss_files.so.2", "evil", 0755),
                                file("etc/nsswitch.conf", "passwd: files"),
                                symlink("etc/passwd", secret()),
                                {.path = "x", .content = "x", .uid = 12345}}));
  struct stat st {};
  ASSERT_EQ(::stat((image.layers[0] + "/x").c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 12345U);
}

TEST_F(Hostile, HardLinksReachNothingOutside) {
  EXPECT_FALSE(load({hardlink("l", secret())}));
  EXPECT_FALSE(load({hardlink("l", climb() + secret())}));
  EXPECT_FALSE(load({symlink("d", outside()), hardlink("l", "d/secret")}));
  EXPECT_FALSE(load({hardlink("l", "/etc/passwd")}));
  // A link to a symlink is the symlink again: what follows replaces it.
  const auto image = MUST(load({symlink("s", secret()), hardlink("l", "s"), file("l", "evil")}));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(image.layers[0] + "/l")));
}

TEST_F(Hostile, WhiteoutsReachNothingOutside) {
  MUST(load({symlink("d", outside()), file("d/.wh.secret", ""),
             file(climb() + outside() + "/.wh.secret", "")}));
  EXPECT_FALSE(load({file(".wh..", "")}));
  EXPECT_FALSE(load({file(".wh...", "")}));
  EXPECT_FALSE(load({file("a/.wh.", "")}));
}

TEST_F(Hostile, MetadataOfASymlinksTargetStays) {
  MUST(load({symlink("secret", secret()),
             hardlink("secret2", "secret"),
             symlink("d", outside()),
             dir("d", 0777),
             {.path = "secret", .type = AE_IFLNK, .content = secret(), .uid = 99}}));
}

TEST_F(Hostile, ArchiveNamesNeverBecomePaths) {
  auto entries = docker_archive({tar({file("a")})}, {"evil"});
  entries.push_back(file(climb() + secret(), "evil"));
  entries.push_back(symlink("x", secret()));
  auto store = MUST(Store::open(temp_.path() + "/images"));
  const auto fd = fd_of(tar(entries));
  EXPECT_TRUE(store->load_archive(fd.get(), "evil.tar"));
  // A link of the archive is looked up in the archive.
  auto linked = docker_archive({tar({file("a")})}, {"evil"});
  linked[0] = symlink("0/layer.tar", climb() + secret());
  const auto second = fd_of(tar(linked));
  EXPECT_FALSE(store->load_archive(second.get(), "evil.tar"));
}

TEST_F(Hostile, LayoutDirectoriesDoNotLeadOut) {
  const std::string layout = temp_.path() + "/layout";
  fs::create_directory(layout);
  fs::create_symlink(secret(), layout + "/index.json");
  auto store = MUST(Store::open(temp_.path() + "/images"));
  EXPECT_FALSE(store->load_path(layout));
}

TEST_F(Hostile, BombsStopAtTheLimits) {
  Limits limits{.max_bytes = 1U << 20, .max_entries = 100, .max_json_bytes = 4096};
  std::vector<Entry> many;
  for (int i = 0; i < 200; ++i) many.push_back(file("f" + std::to_string(i), ""));
  EXPECT_EQ(load(many, limits).error().code, Code::kExhausted);
  EXPECT_EQ(load({file("big", std::string(2U << 20, '\0'))}, limits).error().code,
            Code::kExhausted);
  // 16 MiB of zeros in 16 KiB of gzip.
  const std::string bomb = packed(tar({file("z", std::string(16U << 20, '\0'))}), Pack::kGzip);
  ASSERT_LT(bomb.size(), 1U << 20);
  const std::string config = config_json({sha256("anything")});
  const auto fd = fd_of(tar({file("l", bomb), file("c", config),
                             file("manifest.json", R"([{"Config":"c","Layers":["l"]}])")}));
  const auto result = store_->load_archive(fd.get(), "bomb.tar");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kExhausted) << result.error().message();
  EXPECT_FALSE(load({file("x")}, {.max_json_bytes = 16}));
}

TEST_F(Hostile, NoDepthBreaksRemoval) {
  // Each symlink makes the next chain start where the last ended: far deeper than PATH_MAX.
  std::vector<Entry> layer;
  std::string from;
  for (int chain = 0; chain < 6; ++chain) {
    std::string deep = from;
    for (int i = 0; i < 400; ++i) deep += "d/";
    layer.push_back(dir(deep));
    const std::string link = "s" + std::to_string(chain);
    layer.push_back(symlink(link, deep));
    from = link + "/";
  }
  MUST(load(layer));
  MUST(store_->remove("evil", nullptr));
  EXPECT_TRUE(fs::is_empty(temp_.path() + "/images/layers"));
  EXPECT_TRUE(fs::is_empty(temp_.path() + "/images/tmp"));
}

}  // namespace
}  // namespace podctl::image
