// Images that attack the start of their own container: each is refused, or changes nothing outside
// its root. One test a CVE.
#include <signal.h>
#include <sys/mman.h>

#include <fstream>

#include "pod_fixture.hpp"

namespace podctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class HostileImage : public PodTest {
 protected:
  void SetUp() override {
    PodTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    fs::create_directories(outside());
    make_sandbox(sandbox_spec());
    ASSERT_TRUE(sandbox_);
  }
  // A directory of the host that no container has been given.
  std::string outside() const { return directory_ + "/outside"; }
  void link(const std::string& target, const std::string& name) const {
    fs::create_symlink(target, image() + "/" + name);
  }
  wire::MountSpec bind(const std::string& source, const std::string& target) const {
    return {.kind = wire::MountKind::kBind, .source = source, .target = target, .name = "v"};
  }
};

// The image writes to our own program: it runs from a sealed copy. The shim's, of which every
// container is born: engine_sealed_test.cpp.
TEST_F(HostileImage, ROOT_CVE_2019_5736_OurProgramCannotBeWritten) {
  const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  EXPECT_EQ(::fcntl(pause_.get(), F_GET_SEALS) & wanted, wanted);
  // An exec is our program for a moment; what PID 1 is, is the image's own.
  auto running = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(running) << running.error().message();
  EXPECT_THAT(exec(*running, exec_spec(*running, {"open-exe", "1"})).output,
              HasSubstr("error=ETXTBSY"));
  stop(std::move(*running));
  EXPECT_EQ(probe({"exit", "4"}).code, 4);
}

// runc leaked a descriptor of a host directory, and took it as the working directory.
TEST_F(HostileImage, ROOT_CVE_2024_21626_NoDescriptorLeadsOut) {
  const int leak = ::open("/", O_RDONLY | O_DIRECTORY);  // without O_CLOEXEC, on purpose
  ASSERT_GE(leak, 0);
  EXPECT_EQ(probe({"fds"}).value("fd"), "0 1 2");
  auto running = start(container_spec({"sleep", "60"}));
  ASSERT_TRUE(running) << running.error().message();
  EXPECT_EQ(exec(*running, exec_spec(*running, {"fds"})).value("fd"), "0 1 2");
  for (int n = 3; n < 24; ++n) {
    auto command = exec_spec(*running, {"show"});
    command.cwd = "/proc/self/fd/" + std::to_string(n);
    EXPECT_FALSE(exec(*running, command, {})) << command.cwd;
    if (n % 4 != 0) continue;
    auto spec = container_spec({"show"});
    spec.cwd = command.cwd;
    (void)refusal(spec);
  }
  ::close(leak);
  stop(std::move(*running));
}

TEST_F(HostileImage, ROOT_CVE_2019_19921_ProcThatIsALinkIsRefused) {
  link("/etc", "proc");
  EXPECT_THAT(refusal(container_spec({"show"})).message(), HasSubstr("symbolic link"));
}

TEST_F(HostileImage, ROOT_CVE_2023_27561_SysThatIsALinkIsRefused) {
  link(outside(), "sys");
  EXPECT_THAT(refusal(container_spec({"show"})).message(), HasSubstr("symbolic link"));
  EXPECT_TRUE(fs::is_empty(outside()));
}

TEST_F(HostileImage, ROOT_CVE_2026_41579_DevThatIsALinkIsRefused) {
  link(outside(), "dev");
  EXPECT_THAT(refusal(container_spec({"show"})).message(), HasSubstr("symbolic link"));
  EXPECT_TRUE(fs::is_empty(outside()));
}

// The image swaps /dev/null, which other runtimes bound over what they mask.
TEST_F(HostileImage, ROOT_CVE_2025_31133_MasksAreTheHostsNullDevice) {
  fs::create_directories(image() + "/dev");
  link("/proc/sys/kernel/core_pattern", "dev/null");
  const auto outcome = probe({"write", "/dev/null", ",", "mounts"});
  EXPECT_THAT(outcome.output, HasSubstr("write ok"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/proc/keys "));
  EXPECT_EQ(probe({"read", "/proc/keys"}).output, "");
  const auto second = probe({"write", "/proc/sys/kernel/core_pattern", ",", "write",
                             "/proc/sysrq-trigger", ",", "list", "/sys/firmware"});
  EXPECT_THAT(second.output, Not(HasSubstr("write ok")));
  EXPECT_EQ(second.value("entry"), "");
}

// Prepared links where the console comes from and goes to.
TEST_F(HostileImage, ROOT_CVE_2025_52565_TheConsoleIsOurTerminal) {
  fs::create_directories(image() + "/dev");
  link("/proc/sys/kernel", "dev/pts");
  link("/proc/sysrq-trigger", "dev/console");
  auto spec = container_spec({"show", ",", "mounts"});
  spec.tty = true;
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, HasSubstr("tty=111"));
  EXPECT_THAT(outcome.output, HasSubstr("mount=/dev/console devpts"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("mount=/proc/sysrq-trigger devpts")));
}

TEST_F(HostileImage, ROOT_CVE_2021_30465_AMountTargetStaysInTheRoot) {
  fs::create_directories(directory_ + "/volume");
  fs::create_directories(image() + outside());
  link(outside(), "absolute");
  link("../../../../../../../.." + outside(), "climbing");
  auto spec = container_spec({"mounts"});
  spec.mounts = {bind(directory_ + "/volume", "/absolute/a"),
                 bind(directory_ + "/volume", "/climbing/b")};
  const auto outcome = run(spec);
  EXPECT_THAT(outcome.output, HasSubstr("mount=" + outside() + "/a "));
  EXPECT_THAT(outcome.output, HasSubstr("mount=" + outside() + "/b "));
  EXPECT_TRUE(fs::is_empty(outside()));
}

// A file to bind over is made where its name leads: inside.
TEST_F(HostileImage, ROOT_CVE_2024_45310_NoFileIsMadeOutside) {
  link(outside() + "/made", "file");
  std::ofstream(directory_ + "/content") << "x";
  auto spec = container_spec({"show"});
  spec.mounts = {bind(directory_ + "/content", "/file")};
  auto running = start(spec);
  if (running) stop(std::move(*running));
  EXPECT_TRUE(fs::is_empty(outside()));
}

TEST_F(HostileImage, ROOT_CVE_2019_16884_NothingIsMountedInsideProc) {
  fs::create_directories(directory_ + "/volume");
  link("/proc", "innocent");
  for (const char* target : {"/proc/self", "/proc/sys", "/innocent/self", "/proc"}) {
    auto spec = container_spec({"show"});
    spec.mounts = {bind(directory_ + "/volume", target)};
    EXPECT_EQ(refusal(spec).code, Code::kPermissionDenied) << target;
  }
}

TEST_F(HostileImage, ROOT_CVE_2017_1002101_SubPathStaysInItsVolume) {
  fs::create_directories(directory_ + "/volume");
  fs::create_symlink(outside(), directory_ + "/volume/absolute");
  fs::create_symlink("../outside", directory_ + "/volume/climbing");
  for (const char* path : {"absolute", "climbing", "absolute/new", "..", "../outside"}) {
    auto spec = container_spec({"show"});
    auto mount = bind(directory_ + "/volume", "/data");
    mount.sub_path = path;
    spec.mounts = {mount};
    EXPECT_THAT(refusal(spec).message(), HasSubstr("subPath")) << path;
  }
  EXPECT_TRUE(fs::is_empty(outside()));
}

// init reads them in memory that it has to share out.
TEST_F(HostileImage, ROOT_HugeUserFilesAreReadOrRefused) {
  const auto fill = [this](const std::string& file, const std::string& line, std::size_t size) {
    std::string text;
    while (text.size() + line.size() <= size) text += line;
    fs::create_directories(image() + "/etc");
    std::ofstream(image() + "/etc/" + file) << text;
  };
  fill("passwd", "a::7:7\n", 1 << 20);
  fill("group", "a::7:b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t\n", 1 << 20);
  EXPECT_EQ(probe({"exit", "4"}).code, 4);
  fill("passwd", "a::7:7\n", 2 << 20);
  EXPECT_THAT(refusal(container_spec({"show"})).message(), HasSubstr("etc/passwd"));
}

// A lease makes whoever opens the file wait for its holder, 45 s by default: another container of
// the pod could take one on a program in a volume that they share, and hold the shim up by it.
TEST_F(HostileImage, ROOT_ALeaseOnTheProgramHoldsNobodyUp) {
  const std::string volume = directory_ + "/volume";
  fs::create_directories(volume);
  fs::copy_file(PODCTL_PROBE, volume + "/probe");
  const auto script = [&](const std::string& name, const std::string& interpreter) {
    std::ofstream(volume + "/" + name) << "#!/volume/" + interpreter + "\n";
    fs::permissions(volume + "/" + name, fs::perms(0755));
  };
  script("one", "two");
  script("two", "probe");
  ::signal(SIGIO, SIG_IGN);  // how the kernel asks for the lease back
  const UniqueFd leased(::open((volume + "/probe").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::fcntl(leased.get(), F_SETLEASE, F_WRLCK), 0);
  const auto begin = std::chrono::steady_clock::now();
  for (const char* program : {"/volume/probe", "/volume/one"}) {
    auto spec = container_spec({});
    spec.argv = {program};
    spec.mounts = {bind(volume, "/volume")};
    EXPECT_THAT(refusal(spec).message(), HasSubstr("a process has a lease on /volume/probe"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40));
}

}  // namespace
}  // namespace podctl
