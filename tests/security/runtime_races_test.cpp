// A container of the pod changes a volume while another one that uses it is being started: whatever
// is met there, nothing of the host is seen or touched. A round is a start; PODCTL_RACE_ROUNDS asks
// for more of them.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>

#include "fuzz/mutate.hpp"
#include "patience.hpp"
#include "pod_fixture.hpp"

namespace podctl {
namespace {

namespace fs = std::filesystem;

// A process that exchanges two names of a directory without a pause, as a container could.
class Swapper {
 public:
  Swapper(const std::string& directory, const char* one, const char* other) {
    const UniqueFd at(::open(directory.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::renameat2(at.get(), one, at.get(), other, RENAME_EXCHANGE);
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;
  ~Swapper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

class Race : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    fs::create_directories(outside());
    std::ofstream(outside() + "/secret") << "x";
    fs::create_directories(volume() + "/real");
    std::ofstream(volume() + "/real/mine") << "x";
    make_sandbox(sandbox_spec());
    ASSERT_TRUE(sandbox_);
  }
  void TearDown() override {
    if (!directory_.empty() && !IsSkipped()) {
      EXPECT_EQ(std::distance(fs::directory_iterator(outside()), {}), 1) << "something was made";
    }
    PodTest::TearDown();
  }
  std::string outside() const { return directory_ + "/outside"; }
  std::string volume() const { return directory_ + "/volume"; }
  wire::MountSpec bind(const std::string& target, const std::string& sub_path = "") const {
    return {.kind = wire::MountKind::kBind,
            .source = volume(),
            .target = target,
            .sub_path = sub_path,
            .name = "v"};
  }

  // Starts it again and again; `right` judges what it printed, a refusal is always right. Some must
  // have started, else nothing was judged: how often a start meets its chance lies with the
  // machine, so it goes on until one has.
  void rounds(const std::function<wire::ContainerSpec()>& spec,
              const std::function<bool(const Outcome&)>& right) {
    std::map<std::string, int> counts;
    const auto until = std::chrono::steady_clock::now() + patience(std::chrono::seconds(20));
    const auto none_started = [&] {
      return counts["started"] == 0 && std::chrono::steady_clock::now() < until;
    };
    const auto asked = fuzz::setting("PODCTL_RACE_ROUNDS", 40);
    for (std::uint64_t round = 0; round < asked || none_started(); ++round) {
      auto running = start(spec());
      ++counts[running ? "started" : "refused: " + running.error().detail];
      if (!running) continue;
      const auto outcome = finish(std::move(*running));
      ASSERT_TRUE(right(outcome)) << outcome.output;
    }
    for (const auto& [what, count] : counts) std::cout << count << " " << what << "\n";
    EXPECT_GT(counts["started"], 0);
  }
};

TEST_F(Race, ROOT_CVE_2021_25741_SubPathThatBecomesALink) {
  fs::create_symlink(outside(), volume() + "/link");
  const Swapper swapper(volume(), "real", "link");
  rounds(
      [this] {
        auto spec = container_spec({"list", "/data"});
        spec.mounts = {bind("/data", "real")};
        return spec;
      },
      [](const Outcome& outcome) { return outcome.value("entry") == "mine"; });
}

// A part of the way is swapped, so that what is made on it could be made outside.
TEST_F(Race, ROOT_CVE_2017_1002101_TheWayToASubPathBecomesALink) {
  fs::create_symlink("../outside", volume() + "/link");
  const Swapper swapper(volume(), "real", "link");
  int n = 0;
  rounds(
      [this, &n] {
        auto spec = container_spec({"list", "/data"});
        spec.mounts = {bind("/data", "real/new" + std::to_string(n++ % 100) + "/deep")};
        return spec;
      },
      [](const Outcome& outcome) { return outcome.value("entry").empty(); });
}

// The mount's place lies in a volume: it is taken from the container's root, and never in procfs.
TEST_F(Race, ROOT_CVE_2021_30465_AMountTargetThatBecomesALink) {
  for (const std::string& target : std::vector<std::string>{"/proc/self", outside()}) {
    fs::create_symlink(target, volume() + "/link");
    {
      const Swapper swapper(volume(), "real", "link");
      rounds(
          [this] {
            auto spec = container_spec({"mounts"});
            spec.mounts = {bind("/data"), bind("/data/real/attr")};
            return spec;
          },
          [](const Outcome& outcome) {
            return outcome.output.find("mount=/proc/self") == std::string::npos &&
                   outcome.output.find("/attr ") != std::string::npos;
          });
    }
    fs::remove_all(volume() + "/link");  // either may be the directory by now
    fs::remove_all(volume() + "/real");
    fs::create_directories(volume() + "/real");
  }
}

}  // namespace
}  // namespace podctl
