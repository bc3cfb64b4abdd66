// podctl-probe: a static program that runs inside containers and prints what it sees, one
// "key=value" a line, for the root, security and e2e tests. Several commands may follow one another
// with ",":
//
//   podctl-probe show            id, groups, caps, no_new_privs, seccomp, hostname, cwd, pid,
//   session, tty podctl-probe fds             fd=N for every open descriptor (but the one that
//   lists them) podctl-probe mounts          mount=<point> <type> <options> podctl-probe env | args
//   env=K=V | arg=… podctl-probe limits          limit=<name> <soft> <hard> podctl-probe read|write
//   PATH  the content | ok, or error=<errno name> podctl-probe list PATH       entry=<name>
//   podctl-probe open-exe PID    tries to write /proc/PID/exe (CVE-2019-5736)
//   podctl-probe climb           makes "/" what is above its root, by a chroot(2) that it steps out
//   of podctl-probe uncover         makes "/" what is under its root, by unmounting that
//   podctl-probe tiocsti         tries to push a byte into the terminal (CVE-2017-5226)
//   podctl-probe sleep SECONDS | exit N | ignore-term | lines N | eat MIB | fork-bomb
//   podctl-probe listen PORT     echoes one connection after another
//   podctl-probe datagrams PORT  prints what comes over UDP, and sends it back
//   podctl-probe connect IP PORT TEXT   sends and prints what came back
//   podctl-probe relay SOCKET    prints a port of 127.0.0.1 that leads to a unix socket, and serves
//   it while its parent lives (outside of containers: for clients that speak only TCP)
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

extern char** environ;

namespace {

using Args = std::vector<std::string>;

long number(const Args& args, std::size_t i, long otherwise = 0) {
  long value = otherwise;
  if (i < args.size()) std::from_chars(args[i].data(), args[i].data() + args[i].size(), value);
  return value;
}

int failed(const char* what) {
  std::cout << what << " error=" << ::strerrorname_np(errno) << "\n";
  return 1;
}

int show(const Args&) {
  std::cout << "uid=" << ::geteuid() << "\ngid=" << ::getegid() << "\n";
  std::vector<gid_t> groups(256);
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  std::cout << "groups=";
  for (int i = 0; i < count; ++i)
    std::cout << (i != 0 ? "," : "") << groups[static_cast<std::size_t>(i)];
  std::cout << "\n";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* key :
         {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"}) {
      if (line.starts_with(std::string(key) + ":")) {
        std::cout << key << "=" << line.substr(line.find('\t') + 1) << "\n";
      }
    }
  }
  utsname names;
  ::uname(&names);
  char cwd[4096] = "";
  if (::getcwd(cwd, sizeof cwd) == nullptr) std::strcpy(cwd, "?");
  std::ifstream oom("/proc/self/oom_score_adj");
  std::string score;
  oom >> score;
  std::cout << "hostname=" << names.nodename << "\ncwd=" << cwd << "\npid=" << ::getpid()
            << "\nppid=" << ::getppid() << "\nsid=" << ::getsid(0) << "\noom_score_adj=" << score
            << "\ntty=" << ::isatty(0) << ::isatty(1) << ::isatty(2) << "\n";
  for (const char* ns : {"mnt", "net", "ipc", "uts", "pid", "cgroup", "time"}) {
    char link[64] = "";
    if (::readlink((std::string("/proc/self/ns/") + ns).c_str(), link, sizeof link - 1) > 0) {
      std::cout << "ns=" << link << "\n";
    }
  }
  return 0;
}

int fds(const Args&) {
  DIR* dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) return failed("fds");
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] != '.' && entry->d_name != std::to_string(::dirfd(dir))) {
      std::cout << "fd=" << entry->d_name << "\n";
    }
  }
  ::closedir(dir);
  return 0;
}

int mounts(const Args&) {
  std::ifstream in("/proc/self/mounts");
  std::string source, point, type, options, rest;
  while (in >> source >> point >> type >> options && std::getline(in, rest)) {
    std::cout << "mount=" << point << " " << type << " " << options << "\n";
  }
  return 0;
}

int env(const Args&) {
  for (char** e = environ; *e != nullptr; ++e) std::cout << "env=" << *e << "\n";
  return 0;
}

int print_args(const Args& args) {
  for (std::size_t i = 1; i < args.size(); ++i) std::cout << "arg=" << args[i] << "\n";
  return 0;
}

int limits(const Args&) {
  std::ifstream in("/proc/self/limits");
  for (std::string line; std::getline(in, line);) std::cout << "limit=" << line << "\n";
  return 0;
}

int read_file(const Args& args) {
  const int fd = ::open(args.at(1).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return failed("read");
  char buffer[65536];
  const auto n = ::read(fd, buffer, sizeof buffer);
  if (n < 0) return failed("read");
  std::cout.write(buffer, n);
  ::close(fd);
  return 0;
}

int write_file(const Args& args) {
  const int fd = ::open(args.at(1).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, "x", 1) != 1) return failed("write");
  std::cout << "write ok\n";
  return 0;
}

int list(const Args& args) {
  DIR* dir = ::opendir(args.at(1).c_str());
  if (dir == nullptr) return failed("list");
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] != '.') std::cout << "entry=" << entry->d_name << "\n";
  }
  ::closedir(dir);
  return 0;
}

int open_exe(const Args& args) {
  const int fd = ::open(("/proc/" + args.at(1) + "/exe").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return failed("open-exe");
  std::cout << "open-exe ok\n";
  return 0;
}

int climb(const Args&) {
  constexpr int kSteps = 64;
  if (::mkdir("/below", 0755) != 0 || ::chroot("/below") != 0) return failed("climb");
  for (int step = 0; step < kSteps; ++step) {
    if (::chdir("..") != 0) return failed("climb");
  }
  if (::chroot(".") != 0) return failed("climb");
  std::cout << "climb ok\n";
  return 0;
}

int uncover(const Args&) {
  const int ns = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (::umount2("/", MNT_DETACH) != 0) return failed("uncover");
  if (::setns(ns, CLONE_NEWNS) != 0) return failed("uncover");
  std::cout << "uncover ok\n";
  return 0;
}

int push_byte(const Args&) {
  char byte = 'x';
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (::ioctl(fd >= 0 ? fd : 0, TIOCSTI, &byte) != 0) return failed("tiocsti");
  std::cout << "tiocsti ok\n";
  return 0;
}

int ignore_term(const Args&) {
  ::signal(SIGTERM, SIG_IGN);
  std::cout << "ignoring SIGTERM" << std::endl;
  for (;;) ::pause();
}

int lines(const Args& args) {
  for (long i = 0, n = number(args, 1); i < n; ++i) std::cout << "line " << i << "\n";
  return 0;
}

int eat(const Args& args) {
  for (long i = 0, n = number(args, 1); i < n; ++i) {
    void* p = ::mmap(nullptr, 1U << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return failed("eat");
    std::memset(p, 1, 1U << 20);
  }
  std::cout << "ate " << number(args, 1) << std::endl;
  return 0;
}

int fork_bomb(const Args&) {
  long made = 0;
  for (;; ++made) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    if (pid < 0) break;
  }
  std::cout << "forks=" << made << " error=" << ::strerrorname_np(errno) << std::endl;
  return 0;
}

int listen_on(const Args& args) {
  const int listener = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(number(args, 1)));
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 16) != 0) {
    return failed("listen");
  }
  std::cout << "listening" << std::endl;
  for (;;) {
    const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    char buffer[4096];
    for (ssize_t n; (n = ::read(peer, buffer, sizeof buffer)) > 0;) {
      if (::write(peer, buffer, static_cast<std::size_t>(n)) != n) break;
    }
    ::close(peer);
  }
}

int datagrams_on(const Args& args) {
  const int fd = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(number(args, 1)));
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return failed("bind");
  std::cout << "listening" << std::endl;
  for (;;) {
    char buffer[4096];
    sockaddr_in6 peer = {};
    socklen_t size = sizeof peer;
    auto* from = reinterpret_cast<sockaddr*>(&peer);
    const auto n = ::recvfrom(fd, buffer, sizeof buffer, 0, from, &size);
    if (n < 0) continue;
    std::cout << "came=" << std::string(buffer, static_cast<std::size_t>(n)) << std::endl;
    if (::sendto(fd, buffer, static_cast<std::size_t>(n), 0, from, size) < 0) failed("send");
  }
}

int connect_to(const Args& args) {
  sockaddr_in6 six = {};
  sockaddr_in four = {};
  const auto port = htons(static_cast<std::uint16_t>(number(args, 2)));
  const bool is_four = ::inet_pton(AF_INET, args.at(1).c_str(), &four.sin_addr) == 1;
  four.sin_family = AF_INET;
  four.sin_port = port;
  if (!is_four && ::inet_pton(AF_INET6, args[1].c_str(), &six.sin6_addr) != 1)
    return failed("address");
  six.sin6_family = AF_INET6;
  six.sin6_port = port;
  const int fd = ::socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* address =
      is_four ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&six);
  if (::connect(fd, address, is_four ? sizeof four : sizeof six) != 0) return failed("connect");
  const std::string text = args.size() > 3 ? args[3] : "hello";
  char buffer[4096];
  if (::write(fd, text.data(), text.size()) < 0) return failed("send");
  const auto n = ::read(fd, buffer, sizeof buffer);
  if (n < 0) return failed("receive");
  std::cout << "echo=" << std::string(buffer, static_cast<std::size_t>(n)) << std::endl;
  return 0;
}

// One direction's next bytes; false at their end, which is passed on.
bool pass_on(int from, int to) {
  char buffer[65536];
  const auto n = ::read(from, buffer, sizeof buffer);
  for (ssize_t sent = 0; sent < n;) {
    const auto more = ::send(to, buffer + sent, static_cast<std::size_t>(n - sent), MSG_NOSIGNAL);
    if (more < 0) return false;
    sent += more;
  }
  if (n <= 0) ::shutdown(to, SHUT_WR);
  return n > 0;
}

[[noreturn]] void relay_one(int client, const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    ::_exit(failed("connect"));
  pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (::poll(ends, 2, -1) < 0) ::_exit(1);
    if (ends[0].revents != 0 && !pass_on(client, server)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !pass_on(server, client)) ends[1].fd = -1;
  }
  ::_exit(0);
}

int relay(const Args& args) {
  ::signal(SIGCHLD, SIG_IGN);  // nobody waits for them
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, any, size) != 0 || ::listen(fd, 64) != 0) return failed("listen");
  ::getsockname(fd, any, &size);
  std::cout << ntohs(address.sin_port) << std::endl;
  for (;;) {
    const int client = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return failed("accept");
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      relay_one(client, args.at(1));
    }
    ::close(client);
  }
}

int run(const Args& args) {
  static const std::map<std::string, std::function<int(const Args&)>> commands = {
      {"show", show},
      {"fds", fds},
      {"mounts", mounts},
      {"env", env},
      {"args", print_args},
      {"limits", limits},
      {"read", read_file},
      {"write", write_file},
      {"list", list},
      {"lines", lines},
      {"eat", eat},
      {"fork-bomb", fork_bomb},
      {"listen", listen_on},
      {"datagrams", datagrams_on},
      {"connect", connect_to},
      {"relay", relay},
      {"open-exe", open_exe},
      {"climb", climb},
      {"uncover", uncover},
      {"tiocsti", push_byte},
      {"ignore-term", ignore_term},
      {"sleep",
       [](const Args& a) {
         return static_cast<int>(::sleep(static_cast<unsigned>(number(a, 1))));
       }},
      {"exit", [](const Args& a) { return static_cast<int>(number(a, 1)); }}};
  const auto found = args.empty() ? commands.end() : commands.find(args.front());
  if (found == commands.end()) {
    std::cerr << "podctl-probe: no such command\n";
    return 2;
  }
  const int code = found->second(args);
  std::cout.flush();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  int code = 0;
  Args args;
  for (int i = 1; i <= argc; ++i) {
    if (i < argc && std::strcmp(argv[i], ",") != 0) {
      args.emplace_back(argv[i]);
    } else {
      code = run(args);
      args.clear();
    }
  }
  return code;
}
