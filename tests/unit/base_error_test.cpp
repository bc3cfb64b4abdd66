#include "podctl/base/error.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "podctl/base/rollback.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl {
namespace {

Result<int> fails() { return fail_errno(ENOENT, "open", "/x"); }
Result<int> climbs() { return TRY_CONTEXT(fails(), "start container \"a\"") + 1; }

TEST(Error, MessageReadsOutsideIn) {
  const auto result = climbs();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kNotFound);
  EXPECT_EQ(result.error().message(), "start container \"a\": open /x: No such file or directory");
}

TEST(Rollback, UndoesNewestFirstUnlessReleased) {
  std::string order;
  {
    Rollback rollback;
    rollback.add([&order] { order += 'a'; return Result<void>{}; });
    rollback.add([&order] { order += 'b'; return Result<void>{}; });
  }
  EXPECT_EQ(order, "ba");
  {
    Rollback rollback;
    rollback.add([&order] { order += 'c'; return Result<void>{}; });
    rollback.release();
  }
  EXPECT_EQ(order, "ba");
}

TEST(UniqueFd, MoveAssignmentClosesWhatItHeld) {
  UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int held = first.get();
  first = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::fcntl(held, F_GETFD), -1);
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
}

}  // namespace
}  // namespace podctl
