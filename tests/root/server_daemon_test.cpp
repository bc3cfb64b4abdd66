// podctld with a root of its own, spoken to as a stranger would: HTTP on its socket. Needs root.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cstring>
#include <filesystem>

#include "patience.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/base/unique_fd.hpp"
#include "scratch.hpp"

namespace podctl::server {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

struct Answer {
  int status = 0;
  std::string head, body;
};

std::string unchunk(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    if (end == std::string::npos) break;
    const auto size = std::stoul(text.substr(at, end - at), nullptr, 16);
    out += text.substr(end + 2, size);
    at = end + 4 + size;
  }
  return out;
}

class ROOT_Daemon : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    // Longer than a sun_path: the socket must be reachable all the same.
    root_ = scratch_directory("daemon");
    deep_ = root_ + "/" + std::string(100, 'd');
    std::filesystem::create_directories(deep_);
    start();
  }

  void TearDown() override {
    if (root_.empty()) return;
    if (pid_ > 0) {
      (void)call("POST", "/apis/podctl.dev/v1/system/reset");
      (void)eventually([this] { return waitpid(pid_, nullptr, WNOHANG) != 0; });
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(root_);
  }

  void start() {
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    const std::string program = std::string(PODCTL_BIN_DIR) + "/podctld";
    std::vector<std::string> words{program, "--root", deep_, "--ready-fd", "9"};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ready[1], 9);
    char* env[] = {nullptr};
    ASSERT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), env), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ready[1]);
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1) << "podctld ended before it served";
    close(ready[0]);
  }

  UniqueFd dial() const {
    const Layout layout(deep_);
    UniqueFd dir(open(layout.run().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    struct sockaddr_un to {};
    to.sun_family = AF_UNIX;
    std::snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/podctld.sock", dir.get());
    if (connect(fd.get(), reinterpret_cast<struct sockaddr*>(&to), sizeof to) != 0) return {};
    return fd;
  }

  Answer raw(const std::string& request) const {
    auto fd = dial();
    if (!fd || write(fd.get(), request.data(), request.size()) < 0) return {};
    std::string all;
    std::array<char, 65536> block{};
    for (ssize_t n = 0; (n = read(fd.get(), block.data(), block.size())) > 0;)
      all.append(block.data(), n);
    Answer answer;
    const auto end = all.find("\r\n\r\n");
    if (all.size() > 12) answer.status = std::atoi(all.c_str() + 9);
    answer.head = all.substr(0, end);
    if (end != std::string::npos) answer.body = all.substr(end + 4);
    if (answer.head.find("Transfer-Encoding: chunked") != std::string::npos)
      answer.body = unchunk(answer.body);
    return answer;
  }

  Answer call(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& headers = "") const {
    return raw(method + " " + target +
               " HTTP/1.1\r\nHost: p\r\nConnection: close\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
  }

  static json::value parse(const Answer& answer) {
    boost::system::error_code error;
    auto value = json::parse(answer.body, error);
    return error ? json::value(json::object()) : value;
  }

  std::string phase() const {
    const auto pod = parse(call("GET", kPod));
    const auto* status = pod.get_object().if_contains("status");
    if (status == nullptr || !status->is_object()) return {};
    return std::string(status->get_object().at("phase").get_string());
  }

  static constexpr const char* kPods = "/api/v1/namespaces/default/pods";
  static constexpr const char* kPod = "/api/v1/namespaces/default/pods/web";
  std::string root_, deep_;
  pid_t pid_ = -1;
};

std::string pod_json(const std::string& image, const std::string& command) {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"app":"web"}},"spec":{)"
         R"("terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":")" +
         image + R"(","command":["sh","-c",")" + command + R"("]}]}})";
}

TEST_F(ROOT_Daemon, DiscoveryErrorsAndMalformedRequests) {
  EXPECT_EQ(call("GET", "/healthz").body, "ok");
  EXPECT_THAT(call("GET", "/api/v1").body, HasSubstr("\"pods/log\""));
  EXPECT_THAT(call("GET", "/openapi/v3/api/v1").body, HasSubstr("fieldValidation"));
  const std::string table = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\r\n";
  EXPECT_THAT(call("GET", "/api/v1/nodes", "", table).body, HasSubstr("\"Kernel-Version\""));
  EXPECT_THAT(call("GET", "/api/v1/namespaces", "", table).body, HasSubstr("\"Active\""));
  EXPECT_EQ(call("GET", "/nowhere").status, 404);
  EXPECT_EQ(call("PUT", "/api/v1/nodes").status, 405);
  EXPECT_EQ(call("GET", kPod).status, 404);
  EXPECT_EQ(call("GET", "/api/v1/pods?labelSelector=%3D%3D").status, 400);
  EXPECT_EQ(call("GET", "/api/v1/pods?fieldSelector=spec.x%3Dy").status, 400);
  EXPECT_EQ(call("GET", "/api/v1/pods?watch=1&resourceVersion=nonsense").status, 400);
  EXPECT_EQ(call("POST", kPods, "{").status, 400);
  EXPECT_EQ(call("GET", "/%00").status, 400);
  EXPECT_EQ(raw("nonsense\r\n\r\n").status, 400);
  EXPECT_EQ(raw("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n").status, 400);
  const auto large = call("POST", kPods, std::string((3U << 20) + 1, ' '));
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.body, HasSubstr("RequestEntityTooLarge"));
  EXPECT_EQ(raw("POST " + std::string(kPods) +
                " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                "300001\r\n" +
                std::string(0x300001, ' ') + "\r\n0\r\n\r\n")
                .status,
            413);
  EXPECT_EQ(call("GET", "/healthz").body, "ok") << "it still serves";
  const auto invalid =
      call("POST", kPods, R"({"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[]}})");
  EXPECT_EQ(invalid.status, 422);
  EXPECT_THAT(invalid.body, HasSubstr("\"field\":\"spec.containers\""));
}

// Answers that nobody reads fill a socket: what is written into it must not hold up everybody else.
TEST_F(ROOT_Daemon, AClientThatReadsNothingHoldsUpNobody) {
  const std::string get = "GET /version HTTP/1.1\r\nHost: p\r\n\r\n";
  const std::string expects = "POST " + std::string(kPods) +
                              " HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\n"
                              "Content-Length: 2\r\n\r\n";
  for (int before = 100; before < 400; ++before) {
    std::string all;
    for (int i = 0; i < before; ++i) all += get;
    all += expects;
    auto fd = dial();
    ASSERT_EQ(send(fd.get(), all.data(), all.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(all.size()));
    auto other = dial();
    timeval patience{.tv_sec = 60, .tv_usec = 0};
    setsockopt(other.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ASSERT_EQ(write(other.get(), get.data(), get.size()), static_cast<ssize_t>(get.size()));
    char byte = 0;
    ASSERT_EQ(read(other.get(), &byte, 1), 1) << "behind " << before << " answers";
  }
}

TEST_F(ROOT_Daemon, LongAndManyWarningsAreShortened) {
  std::string fields = "\"" + std::string(60'000, 'x') + "\":1";
  for (int i = 0; i < 2000; ++i) fields += ",\"unknown" + std::to_string(i) + "\":1";
  const auto warned = call("POST", std::string(kPods) + "?fieldValidation=Warn&dryRun=All",
                           R"({"kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{)"
                           R"("name":"c","image":"i",)" +
                               fields + "}]}}");
  EXPECT_EQ(warned.status, 201);
  EXPECT_THAT(warned.head, HasSubstr("xxx...\""));
  EXPECT_THAT(warned.head, HasSubstr("more warnings\""));
  EXPECT_LT(warned.head.size(), 64U << 10);
}

// All of it is sent before anybody can have read a byte of it: that does not make a slow watcher.
TEST_F(ROOT_Daemon, AWatchThatBeginsWithMuchTellsAllOfIt) {
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(call("POST", maps,
                   R"({"metadata":{"name":"m)" + std::to_string(i) + R"("},"data":{"x":")" +
                       std::string(1'000'000, 'y') + "\"}}")
                  .status,
              201);
  }
  const auto watched = call("GET", maps + "?watch=1&timeoutSeconds=1");
  std::size_t lines = 0;
  for (const char c : watched.body) lines += c == '\n' ? 1 : 0;
  EXPECT_EQ(lines, 10U);
  const auto future = call("GET", maps + "?watch=1&resourceVersion=99999999");
  EXPECT_EQ(future.status, 504);
  EXPECT_THAT(future.body, HasSubstr("Too large resource version: 99999999, current: "));
}

TEST_F(ROOT_Daemon, AnImageThatIsNotHereIsSaidByStatusAndEvents) {
  EXPECT_EQ(call("POST", std::string(kPods) + "?dryRun=All", pod_json("nowhere/x", "true")).status,
            201);
  EXPECT_EQ(call("GET", kPod).status, 404) << "a dry run stores nothing";
  const auto made = call("POST", kPods, pod_json("nowhere/x", "true"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(call("POST", kPods, pod_json("nowhere/x", "true")).status, 409);
  EXPECT_TRUE(eventually(
      [this] { return call("GET", kPod).body.find("ErrImagePull") != std::string::npos; }));
  EXPECT_THAT(call("GET", "/api/v1/namespaces/default/events").body,
              HasSubstr("not in the local store"));
  const auto patched = call("PATCH", kPod, R"({"metadata":{"labels":{"app":null,"x":"y"}}})",
                            "Content-Type: application/merge-patch+json\r\n");
  EXPECT_EQ(patched.status, 200) << patched.body;
  EXPECT_THAT(patched.body, HasSubstr(R"("labels":{"x":"y"})"));
  const auto strategic =
      call("PATCH", kPod, R"({"spec":{"containers":[{"name":"c","image":"other"}]}})",
           "Content-Type: application/strategic-merge-patch+json\r\n");
  EXPECT_THAT(strategic.body, HasSubstr(R"("image":"other")"));
  EXPECT_EQ(call("PATCH", kPod, R"([{"op":"test","path":"/metadata/name","value":"x"}])",
                 "Content-Type: application/json-patch+json\r\n")
                .status,
            422);
  EXPECT_THAT(call("GET", "/api/v1/pods?labelSelector=x%3Dy").body, HasSubstr("\"name\":\"web\""));
  EXPECT_THAT(call("GET", "/api/v1/pods?labelSelector=app").body, HasSubstr("\"items\":[]"));
  EXPECT_EQ(call("DELETE", std::string(kPod) + "?gracePeriodSeconds=0").status, 200);
  EXPECT_TRUE(eventually([this] { return call("GET", kPod).status == 404; }));
}

TEST_F(ROOT_Daemon, APodRunsIsLoggedOutlivesItsDaemonAndGoes) {
  if (call("GET", "/apis/podctl.dev/v1/images").body.find("podctl/busybox") == std::string::npos) {
    GTEST_SKIP() << "the embedded image is not built";
  }
  ASSERT_EQ(call("POST", kPods, pod_json("podctl/busybox", "echo started; sleep 1000")).status,
            201);
  ASSERT_TRUE(eventually([this] { return phase() == "Running"; })) << call("GET", kPod).body;
  EXPECT_TRUE(
      eventually([this] { return call("GET", std::string(kPod) + "/log").body == "started\n"; }));
  const auto report = parse(call("GET", "/apis/podctl.dev/v1/namespaces/default/pods/web/sandbox"));
  EXPECT_EQ(report.at("namespaces").as_array().size(), 2U);

  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  start();
  const auto old = call("GET", "/api/v1/pods?watch=1&resourceVersion=1");
  EXPECT_EQ(old.status, 410) << "what changed before this podctld is not known to it";
  EXPECT_THAT(old.body, HasSubstr(R"("reason":"Expired")"));
  const auto listed = parse(call("GET", "/api/v1/pods")).at("metadata").at("resourceVersion");
  EXPECT_EQ(call("GET", "/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion=" +
                            std::string(listed.as_string()))
                .status,
            200);
  const auto pod = parse(call("GET", kPod));
  const auto& status = pod.at("status").at("containerStatuses").as_array()[0];
  EXPECT_EQ(status.at("restartCount").to_number<int>(), 0);
  EXPECT_TRUE(status.at("state").as_object().contains("running"));

  const auto deleted = call("DELETE", kPod);
  EXPECT_THAT(deleted.body, HasSubstr("\"deletionGracePeriodSeconds\":1"));
  EXPECT_TRUE(eventually([this] { return call("GET", kPod).status == 404; }));
  const Layout layout(deep_);
  // The sandbox that the podctld before this one had made in advance ends by itself.
  EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(layout.pods_run()); }));
  EXPECT_TRUE(std::filesystem::is_empty(layout.logs()));
}

}  // namespace
}  // namespace podctl::server
