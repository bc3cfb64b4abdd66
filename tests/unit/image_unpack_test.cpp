#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "image/unpack.hpp"
#include "image_archive.hpp"

namespace podctl::image {
namespace {

using namespace test;

class UnpackTest : public ::testing::Test {
 protected:
  UnpackTest() {
    std::filesystem::create_directory(path("root"));
    std::filesystem::create_directory(path("trash"));
    ::chmod(path("root").c_str(), 0755);
  }
  std::string path(const std::string& name) const { return temp_.path() + "/" + name; }
  std::string in(const std::string& name) const { return temp_.path() + "/root/" + name; }
  Result<Unpacked> run(const std::vector<Entry>& entries, Limits limits = {}) {
    return run(tar(entries), limits);
  }
  Result<Unpacked> run(const std::string& archive, Limits limits = {}) {
    const Utf8Names names;
    const auto fd = fd_of(archive);
    UniqueFd root(::open(path("root").c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
    UniqueFd trash(::open(path("trash").c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
    auto reader = TRY(TarReader::make(fd.get(), {.label = "t.tar", .max_bytes = limits.max_bytes}));
    return unpack(*reader, root.get(), trash.get(), limits);
  }
  struct stat of(const std::string& name) const {
    struct stat st {};
    EXPECT_EQ(::lstat(in(name).c_str(), &st), 0) << name;
    return st;
  }
  bool opaque(const std::string& name) const {
    char value = 0;
    return ::lgetxattr(in(name).c_str(), "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
  }
  bool there(const std::string& name) const {
    struct stat st {};
    return ::lstat(in(name).c_str(), &st) == 0;
  }
  TempDir temp_;
};

TEST_F(UnpackTest, KeepsModeOwnerTimeAndCapability) {
  // vfs_cap_data, revision 2, CAP_NET_RAW
  const std::string capability(
      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  MUST(run({dir("d", 01777),
            {.path = "d/su",
             .content = "abc",
             .mode = 06755,
             .uid = 7,
             .gid = 8,
             .mtime = 1234567890,
             .xattrs = {{"security.capability", capability},
                        {"user.note", "hi"},
                        {"trusted.overlay.redirect", "/"},
                        {"user.overlay.opaque", "y"},
                        {"security.selinux", "x"}}}}));
  const auto st = of("d/su");
  EXPECT_EQ(st.st_mode, S_IFREG | 06755U);
  EXPECT_EQ(st.st_uid, 7U);
  EXPECT_EQ(st.st_gid, 8U);
  EXPECT_EQ(st.st_mtime, 1234567890);
  EXPECT_EQ(of("d").st_mode, S_IFDIR | 01777U);
  EXPECT_EQ(of("d").st_mtime, 1'600'000'000);
  char value[64];
  EXPECT_EQ(::lgetxattr(in("d/su").c_str(), "security.capability", value, sizeof value), 20);
  EXPECT_EQ(::lgetxattr(in("d/su").c_str(), "trusted.overlay.redirect", value, sizeof value), -1);
  EXPECT_EQ(::lgetxattr(in("d/su").c_str(), "user.overlay.opaque", value, sizeof value), -1);
}

TEST_F(UnpackTest, WhiteoutsBecomeOverlays) {
  MUST(run({dir("a"), file("a/.wh.gone", ""), dir("b"), file("b/.wh..wh..opq", ""), file("b/new"),
            file("c/d/.wh.e", ""), file(".wh..wh.plnk", "")}));
  EXPECT_TRUE(S_ISCHR(of("a/gone").st_mode));
  EXPECT_EQ(of("a/gone").st_rdev, 0U);
  EXPECT_TRUE(opaque("b"));
  EXPECT_FALSE(opaque("a"));
  EXPECT_TRUE(there("b/new"));
  EXPECT_TRUE(S_ISCHR(of("c/d/e").st_mode));
  EXPECT_FALSE(there(".wh..wh.plnk"));
}

TEST_F(UnpackTest, AWhiteoutSpeaksOfLowerLayersOnly) {
  MUST(run({file("a"), file(".wh.a", ""), dir("d"), file("d/x"), file(".wh.d", ""),
            file(".wh.e", ""), dir("e"), file(".wh.f", ""), file("f/x"), file(".wh.g", ""),
            file("g")}));
  EXPECT_TRUE(S_ISREG(of("a").st_mode));
  EXPECT_TRUE(there("d/x") && opaque("d"));
  EXPECT_TRUE(S_ISDIR(of("e").st_mode) && opaque("e"));
  EXPECT_TRUE(there("f/x") && opaque("f"));
  EXPECT_TRUE(S_ISREG(of("g").st_mode));
}

TEST_F(UnpackTest, LinksAndLaterEntriesWin) {
  MUST(run({file("a", "1"),
            hardlink("b", "a"),
            hardlink("./c", "/a"),
            symlink("s", "a"),
            dir("d"),
            file("d/x"),
            file("d", "file now"),
            symlink("e", "a"),
            dir("e"),
            file("f", "old"),
            file("f", "new"),
            hardlink("a", "a"),
            hardlink("b", "a"),
            {.path = "p", .type = AE_IFIFO, .mode = 0622}}));
  EXPECT_EQ(of("a").st_ino, of("b").st_ino);
  EXPECT_EQ(of("a").st_nlink, 3U);
  EXPECT_TRUE(S_ISLNK(of("s").st_mode));
  EXPECT_TRUE(S_ISREG(of("d").st_mode));
  EXPECT_TRUE(S_ISDIR(of("e").st_mode));
  EXPECT_EQ(of("f").st_size, 3);
  EXPECT_EQ(of("p").st_mode, S_IFIFO | 0622U);
}

TEST_F(UnpackTest, NamesBeyondAsciiAndLongOnes) {
  const std::string deep = std::string(200, 'd') + "/" + std::string(200, 'f');
  MUST(run({file("h\xc3\xa9llo/w\xc3\xb6rld"), file(deep)}));
  EXPECT_TRUE(there("h\xc3\xa9llo/w\xc3\xb6rld"));
  EXPECT_TRUE(there(deep));
}

TEST_F(UnpackTest, DevicesAndSocketsAreLeftOut) {
  MUST(run(
      {{.path = "dev/null", .type = AE_IFCHR}, {.path = "dev/sda", .type = AE_IFBLK}, file("x")}));
  EXPECT_FALSE(there("dev/null"));
  EXPECT_FALSE(there("dev/sda"));
  EXPECT_TRUE(there("x"));
}

// As umoci 0.4 writes its layers, and as Go's reader takes them: nothing after the last content.
TEST_F(UnpackTest, ATarMayEndWithItsLastContent) {
  const std::string whole = tar({file("a", "first"), file("b", std::string(700, 'y'))});
  MUST(run(whole.substr(0, 512 + 512 + 512 + 700)));
  EXPECT_EQ(of("b").st_size, 700);
  // A content that is cut short is not filled up.
  for (const std::size_t cut : {512 + 512 + 512 + 699, 512 + 3, 512 + 512 + 100}) {
    const auto short_one = run(whole.substr(0, cut));
    EXPECT_FALSE(short_one) << cut;
  }
}

TEST_F(UnpackTest, FaultsNameTheEntry) {
  const auto bad = run({file("a"), file("a/b")});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), ::testing::AllOf(::testing::HasSubstr("t.tar"),
                                                      ::testing::HasSubstr("entry \"a/b\"")));
}

}  // namespace
}  // namespace podctl::image
