// Objects that are only kept: made, changed, held back by finalizers, found again.
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>

#include "podctl/api/claim.hpp"
#include "podctl/node/kept_objects.hpp"
#include "scratch.hpp"

namespace podctl::node {
namespace {

class KeptObjectsTest : public testing::Test {
 protected:
  // Callbacks run on the store's thread: each write is waited for.
  void open() {
    objects_.reset();
    auto store =
        ObjectStore::open(directory_ + "/objects.db", [](std::function<void()> f) { f(); });
    ASSERT_TRUE(store) << store.error().message();
    objects_ = std::make_unique<Objects>(std::move(*store));
    ASSERT_TRUE(objects_->load());
    kept_ = std::make_unique<KeptObjects>(*objects_, [this] { return closed_; });
  }
  void SetUp() override { open(); }
  void TearDown() override {
    objects_.reset();
    std::filesystem::remove_all(directory_);
  }

  using Answered = Answer<KeptObjects::Written>;
  template <class Work>
  Answered answer(Work&& work) {
    std::mutex mutex;
    std::condition_variable answered;
    std::optional<Answered> got;
    work([&](Answered a) {
      std::lock_guard lock(mutex);
      got = std::move(a);
      answered.notify_one();
    });
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return got.has_value(); });
    return *got;
  }
  static AdmittedKept decoded(const std::string& json) {
    return decode_kept(maps(), json, false, "default", FieldValidation::kStrict).value();
  }
  static const api::KindInfo& maps() { return api::kind_of<api::ConfigMap>(); }
  Answered create(const std::string& json) {
    return answer([&](auto reply) { kept_->create(decoded(json), false, reply); });
  }
  Answered update(const std::string& json) {
    return answer([&](auto reply) { kept_->update("default", "a", decoded(json), false, reply); });
  }
  Answered remove(const KeptObjects::Removal& how = {}) {
    return answer([&](auto reply) { kept_->remove(maps(), "default", "a", how, reply); });
  }
  const api::ConfigMap* find() const { return objects_->find<api::ConfigMap>("default", "a"); }

  const std::string directory_ = scratch_directory("kept");
  std::unique_ptr<Objects> objects_;
  std::unique_ptr<KeptObjects> kept_;
  bool closed_ = false;
};

constexpr const char* kMap = R"({"metadata":{"name":"a"},"data":{"k":"1"}})";

TEST_F(KeptObjectsTest, LivesAsAnyKubernetesObject) {
  const auto made = create(kMap);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(made->json->find(R"("kind":"ConfigMap","apiVersion":"v1")"), std::string::npos);
  EXPECT_FALSE(find()->metadata.uid.empty());
  EXPECT_EQ(create(kMap).error().reason, "AlreadyExists");
  const auto version = find()->metadata.resourceVersion;
  ASSERT_TRUE(update(kMap));
  EXPECT_EQ(find()->metadata.resourceVersion, version);  // nothing has changed
  ASSERT_TRUE(update(R"({"metadata":{"name":"a"},"data":{"k":"2"}})"));
  EXPECT_NE(find()->metadata.resourceVersion, version);
  EXPECT_EQ(
      update(R"({"metadata":{"name":"a","resourceVersion":"1"},"data":{"k":"3"}})").error().reason,
      "Conflict");
  open();
  ASSERT_NE(find(), nullptr);
  EXPECT_EQ(find()->data.at("k"), "2");
  EXPECT_EQ(remove({.uid = "other"}).error().reason, "Conflict");
  const auto gone = remove();
  ASSERT_TRUE(gone && gone->gone);
  EXPECT_EQ(remove().error().reason, "NotFound");
  open();
  EXPECT_EQ(find(), nullptr);
}

TEST_F(KeptObjectsTest, FinalizersHoldARemovalBack) {
  const std::string held = R"({"metadata":{"name":"a","finalizers":["x.dev/hold"]}})";
  ASSERT_TRUE(create(held));
  const auto asked = remove();
  ASSERT_TRUE(asked && !asked->gone);
  ASSERT_NE(find(), nullptr);
  EXPECT_TRUE(find()->metadata.deletionTimestamp.has_value());
  const auto more = update(R"({"metadata":{"name":"a","finalizers":["x.dev/hold","y.dev/new"]}})");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().causes[0].field, "metadata.finalizers");
  const auto last = update(R"({"metadata":{"name":"a"}})");
  ASSERT_TRUE(last && last->gone);
  EXPECT_EQ(find(), nullptr);
}

TEST_F(KeptObjectsTest, AClaimIsHeldUntilItsProtectionIsTakenOut) {
  const auto& claims = api::kind_of<api::PersistentVolumeClaim>();
  const auto written = [&](const char* size) {
    const std::string json = R"({"metadata":{"name":"a"},"spec":{"accessModes":["ReadWriteOnce"],)"
                             R"("resources":{"requests":{"storage":")" +
                             std::string(size) + R"("}}}})";
    return decode_kept(claims, json, false, "default", FieldValidation::kStrict).value();
  };
  const auto found = [&] { return objects_->find<api::PersistentVolumeClaim>("default", "a"); };
  ASSERT_TRUE(answer([&](auto reply) { kept_->create(written("1Gi"), false, reply); }));
  EXPECT_EQ(found()->status.phase, "Bound");
  EXPECT_EQ(found()->spec.volumeName, "pvc-" + found()->metadata.uid);
  // An update that leaves the protection out does not take it away.
  ASSERT_TRUE(
      answer([&](auto reply) { kept_->update("default", "a", written("2Gi"), false, reply); }));
  EXPECT_EQ(found()->status.capacity.at("storage").str(), "2Gi");
  const auto smaller =
      answer([&](auto reply) { kept_->update("default", "a", written("1Gi"), false, reply); });
  EXPECT_EQ(smaller.error().causes.at(0).field, "spec.resources.requests.storage");
  const auto asked = answer([&](auto reply) { kept_->remove(claims, "default", "a", {}, reply); });
  ASSERT_TRUE(asked && !asked->gone);
  kept_->drop_finalizer(claims, {"default", "a"}, api::kClaimProtection);
  EXPECT_EQ(found(), nullptr);
}

TEST_F(KeptObjectsTest, NothingIsTakenDuringAReset) {
  closed_ = true;
  EXPECT_EQ(create(kMap).error().http, 503);
  EXPECT_EQ(find(), nullptr);
}

}  // namespace
}  // namespace podctl::node
