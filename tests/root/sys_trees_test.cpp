// Trees of files in which something is mounted, in a mount namespace of the test's own: what lies
// there is somebody else's, be it of the same file system.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>

#include "podctl/base/unique_fd.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/sys/group_tree.hpp"
#include "podctl/sys/mount.hpp"

namespace podctl::sys {
namespace {

namespace fs = std::filesystem;

class Trees : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = UniqueFd(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    std::string name = fs::temp_directory_path() / "podctl-trees.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    fs::create_directories(tree() + "/a b/volume");
    fs::create_directories(others());
    std::ofstream(others() + "/precious") << "x";
    std::ofstream(tree() + "/own") << "x";
    ASSERT_EQ(::mount(others().c_str(), mounted().c_str(), nullptr, MS_BIND, nullptr), 0);
  }
  void TearDown() override {
    ::umount2(mounted().c_str(), MNT_DETACH);
    fs::remove_all(directory_);
    EXPECT_EQ(::setns(before_.get(), CLONE_NEWNS), 0);
  }
  std::string tree() const { return directory_ + "/tree"; }
  std::string others() const { return directory_ + "/others"; }
  std::string mounted() const { return tree() + "/a b/volume"; }

 private:
  std::string directory_;
  UniqueFd before_;
};

TEST_F(Trees, ROOT_RemovalStopsAtAMountOfTheSameFileSystem) {
  const auto removed = remove_tree(tree());
  ASSERT_FALSE(removed);
  EXPECT_NE(removed.error().message().find("something is mounted there"), std::string::npos);
  EXPECT_TRUE(fs::exists(others() + "/precious"));
  EXPECT_FALSE(fs::exists(tree() + "/own"));
}

TEST_F(Trees, ROOT_MountsAreTakenAwayAndWhatIsMountedStays) {
  ASSERT_EQ(::mount("tmpfs", mounted().c_str(), "tmpfs", 0, nullptr), 0);
  ASSERT_TRUE(remove_tree_and_mounts(tree()));
  EXPECT_FALSE(fs::exists(tree()));
  EXPECT_TRUE(fs::exists(others() + "/precious"));
}

TEST_F(Trees, ROOT_NothingBelowAMountIsGivenToAGroup) {
  ASSERT_TRUE(give_tree_to_group(tree(), 4711, false));
  struct stat own {
  }, precious{};
  ASSERT_EQ(::stat((tree() + "/own").c_str(), &own), 0);
  ASSERT_EQ(::stat((others() + "/precious").c_str(), &precious), 0);
  EXPECT_EQ(own.st_gid, 4711U);
  EXPECT_NE(precious.st_gid, 4711U);
  struct stat top {};
  ASSERT_EQ(::stat(others().c_str(), &top), 0);
  EXPECT_NE(top.st_gid, 4711U);
}

}  // namespace
}  // namespace podctl::sys
