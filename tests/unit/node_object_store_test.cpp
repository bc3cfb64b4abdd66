#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "podctl/node/object_store.hpp"

namespace podctl::node {
namespace {

class ObjectStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/podctl-store-XXXXXX";
    dir_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string path() const { return dir_ + "/objects.db"; }
  std::unique_ptr<ObjectStore> open() {
    auto store = ObjectStore::open(path(), [](std::function<void()> f) { f(); });
    EXPECT_TRUE(store) << store.error().message();
    return std::move(*store);
  }
  // Blocks until the write is answered (here on the worker's thread).
  Result<void> put(ObjectStore& store, StoredObject o) {
    std::mutex m;
    std::condition_variable cv;
    std::optional<Result<void>> result;
    store.put(std::move(o), [&m, &cv, &result](Result<void> r) {
      std::lock_guard lock(m);
      result = std::move(r);
      cv.notify_one();
    });
    std::unique_lock lock(m);
    cv.wait(lock, [&result] { return result.has_value(); });
    return *result;
  }
  std::string dir_;
};

TEST_F(ObjectStoreTest, KeepsObjectsAndCounterOverARestart) {
  {
    auto store = open();
    ASSERT_TRUE(store->load()->empty());
    EXPECT_EQ(store->next_version(), 2U);  // a list of nothing has version 1: 0 means "any"
    ASSERT_TRUE(put(*store, {"Pod", "default", "a", "u1", 2, "{\"x\":1}", "m1"}));
    ASSERT_TRUE(put(*store, {"Pod", "default", "b", "u2", store->next_version(), "{}", ""}));
    ASSERT_TRUE(
        put(*store, {"Pod", "default", "a", "u1", store->next_version(), "{\"x\":2}", "m2"}));
    store->remove("Pod", "default", "b", store->next_version(), {});
  }
  auto store = open();
  auto objects = store->load();
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->size(), 1U);
  EXPECT_EQ((*objects)[0].json, "{\"x\":2}");
  EXPECT_EQ((*objects)[0].memory, "m2");
  EXPECT_EQ((*objects)[0].resource_version, 4U);
  EXPECT_EQ(store->next_version(), 6U);  // the removal counted
}

TEST_F(ObjectStoreTest, IsReadableByItsOwnerOnly) {
  auto store = open();
  ASSERT_TRUE(put(*store, {"Pod", "d", "a", "u", 1, "{}", ""}));
  struct stat st {};
  for (const char* suffix : {"", "-wal"}) {
    ASSERT_EQ(stat((path() + suffix).c_str(), &st), 0) << suffix;
    EXPECT_EQ(st.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(ObjectStoreTest, DamageIsNamed) {
  std::ofstream(path()) << std::string(8192, 'x');
  auto store = ObjectStore::open(path(), [](std::function<void()> f) { f(); });
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::kCorrupt);
  EXPECT_THAT(store.error().message(), testing::AllOf(testing::HasSubstr(path())));
}

TEST_F(ObjectStoreTest, ManyWritesShareCommitsAndOneIsFast) {
  auto store = open();
  ASSERT_TRUE(
      put(*store, {"Pod", "d", "warm", "u", store->next_version(), std::string(4000, 'x'), ""}));
  double fastest_ms = 1e9;
  for (int i = 0; i < 50; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(
        put(*store, {"Pod", "d", "one", "u", store->next_version(), std::string(4000, 'y'), ""}));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    fastest_ms = std::min(fastest_ms, took.count());
  }
  RecordProperty("commit_ms", std::to_string(fastest_ms));
  EXPECT_LT(fastest_ms,
            5.0);  // 0.1 ms on a quiet machine; on a loaded one the fastest still passes
  for (int i = 0; i < 500; ++i) {
    store->put({"Pod", "d", "n" + std::to_string(i), "u", store->next_version(), "{}", ""}, {});
  }
  ASSERT_TRUE(put(*store, {"Pod", "d", "last", "u", store->next_version(), "{}", ""}));
  store.reset();
  EXPECT_EQ(open()->load()->size(), 503U);
}

}  // namespace
}  // namespace podctl::node
