// Roots whose directory was deleted without a reset: what they held of the machine comes back,
// unless somebody still lives there.
#include <signal.h>

#include <fstream>

#include "engine/root.hpp"
#include "engine_fixture.hpp"
#include "root/cgroup_support.hpp"

namespace podctl::engine {
namespace {

class ROOT_DesertedRoot : public ROOT_Engine {
 protected:
  static bool has_bridge(const Layout& layout) {
    auto socket = MUST(net::Socket::open());
    return net::link(socket, layout.bridge()).has_value();
  }
  static bool registered(const Layout& layout) {
    for (const auto& entry : std::filesystem::directory_iterator(ipam::kRegistry)) {
      std::ifstream in(entry.path());
      std::string owner;
      if (std::getline(in, owner) && owner == layout.root()) return true;
    }
    return false;
  }
  Result<wire::NetworkSpec> first_network() {
    return call<wire::NetworkSpec>([&](auto cb) { engine_->allocate_network(kUid, cb); });
  }
};

TEST_F(ROOT_DesertedRoot, GivesItsSubnetBackOnceNobodyLivesThere) {
  const Layout gone(dir_ + "/gone");
  ASSERT_TRUE(prepare_network(gone));
  auto tree = MUST(cgroup::Tree::open(gone));
  if (tree.hierarchy().unified() == nullptr) GTEST_SKIP() << "its daemon's group needs cgroup2";
  auto daemon = tree.ensure("daemon");
  ASSERT_TRUE(daemon) << daemon.error().message();
  const pid_t resident = cgroup::spawn_in(MUST(daemon->entry()), [] { return ::pause(); });
  std::filesystem::remove_all(gone.root());

  ASSERT_TRUE(first_network());
  EXPECT_TRUE(has_bridge(gone)) << "its podctld still runs";
  EXPECT_TRUE(registered(gone));

  ::kill(resident, SIGKILL);
  cgroup::wait_status(resident);
  ASSERT_TRUE(call<void>([&](auto cb) { engine_->reset(cb); }));
  ASSERT_TRUE(first_network());
  EXPECT_FALSE(has_bridge(gone));
  EXPECT_FALSE(registered(gone));
  EXPECT_EQ(MUST(cgroup::Tree::open(gone)).find("").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace podctl::engine
