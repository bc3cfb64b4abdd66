// Containers are born as copies of the shim: what an image can reach of it through /proc/self/exe.
#include <fcntl.h>

#include "engine_fixture.hpp"

namespace podctl::engine {
namespace {

class ROOT_SealedShim : public ROOT_Engine {};

// The image starts the shim's program again, as CVE-2019-5736 did to overwrite runc on the host.
TEST_F(ROOT_SealedShim, CVE_2019_5736_TheShimRunsFromASealedCopy) {
  ASSERT_TRUE(create(sandbox(false)));
  std::ifstream file(layout_.pod_run(kUid) + "/shim.pid");
  pid_t shim = 0;
  ASSERT_TRUE(file >> shim);
  const std::string exe = "/proc/" + std::to_string(shim) + "/exe";
  // A sealed copy has no name of its own; whoever looks for what is left looks for this one.
  std::string name;
  std::ifstream("/proc/" + std::to_string(shim) + "/comm") >> name;
  EXPECT_EQ(name, "podctl-shim");
  const UniqueFd program(::open(exe.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(program);
  const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  EXPECT_EQ(::fcntl(program.get(), F_GET_SEALS) & wanted, wanted);
  EXPECT_EQ(::open(exe.c_str(), O_WRONLY | O_CLOEXEC), -1);

#ifndef __SANITIZE_ADDRESS__  // with ASan the shim asks for libraries that the image does not have
  auto spec = container("again", "");
  spec.argv = {"/proc/self/exe"};
  ASSERT_TRUE(start(spec));
  EXPECT_NE(exit_of("again").exit_code, 0);
#endif
  ASSERT_TRUE(start(container("after", "exit 4")));
  EXPECT_EQ(exit_of("after").exit_code, 4);
  ASSERT_TRUE(destroy());
  expect_pod_gone();
}

}  // namespace
}  // namespace podctl::engine
