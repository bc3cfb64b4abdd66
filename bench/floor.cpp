// What the kernel alone needs for a pod: the namespaces, veth, cgroups, mounts and execs that podctl makes,
// with bare system calls and nothing else. The bound that pod-start measures podctl against.
//
//   bench-floor CONTAINERS ROOTFS STATE FIFO BRIDGE CGROUP
//
// ROOTFS is the lower directory of every container's overlay, STATE an empty directory (upper directories),
// FIFO a path that the workload /bench-mark writes into (bound at /mark), BRIDGE an existing bridge, CGROUP
// the name made in each hierarchy. Prints "up <microseconds>" once everything executes, waits for the end
// of its stdin, removes everything and prints "down <microseconds>".
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "bench-floor: %s: %s\n", what, std::strerror(errno));
  std::_Exit(1);
}
void check(bool ok, const char* what) {
  if (!ok) die(what);
}

std::int64_t now_us() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// ---- netlink: messages built by hand ----

class Netlink {
 public:
  Netlink() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) { check(fd_ >= 0, "netlink"); }
  ~Netlink() { ::close(fd_); }
  Netlink(const Netlink&) = delete;
  Netlink& operator=(const Netlink&) = delete;

  template <class Body>
  void begin(std::uint16_t type, std::uint16_t flags, const Body& body) {
    start_ = used_;
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    put(&header, sizeof header);
    put(&body, sizeof body);
  }
  void attribute(std::uint16_t type, const void* data, std::size_t size) {
    rtattr header{};
    header.rta_type = type;
    header.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    put(&header, sizeof header);
    put(data, size);
  }
  std::size_t open_nest(std::uint16_t type) {
    const auto at = used_;
    attribute(type, nullptr, 0);
    return at;
  }
  void close_nest(std::size_t at) {
    reinterpret_cast<rtattr*>(buffer_ + at)->rta_len = static_cast<std::uint16_t>(used_ - at);
  }
  template <class Body>
  void raw(const Body& body) { put(&body, sizeof body); }
  void end() {
    reinterpret_cast<nlmsghdr*>(buffer_ + start_)->nlmsg_len = static_cast<std::uint32_t>(used_ - start_);
    ++messages_;
  }
  // Sends all messages begun since the last call in one datagram and reads their acknowledgements.
  void send(const char* what) {
    check(::send(fd_, buffer_, used_, 0) == static_cast<ssize_t>(used_), what);
    while (messages_ > 0) {
      alignas(nlmsghdr) char answer[8192];
      const ssize_t size = ::recv(fd_, answer, sizeof answer, 0);
      check(size > 0, what);
      int left = static_cast<int>(size);
      for (auto* h = reinterpret_cast<nlmsghdr*>(answer); NLMSG_OK(h, static_cast<unsigned>(left)); h = NLMSG_NEXT(h, left)) {
        if (h->nlmsg_type != NLMSG_ERROR) continue;
        --messages_;
        errno = -static_cast<nlmsgerr*>(NLMSG_DATA(h))->error;
        check(errno == 0, what);
      }
    }
    used_ = 0;
  }

 private:
  void put(const void* data, std::size_t size) {
    if (data != nullptr) std::memcpy(buffer_ + used_, data, size);
    used_ += NLMSG_ALIGN(size);
  }
  alignas(nlmsghdr) char buffer_[4096] = {};
  std::size_t used_ = 0, start_ = 0;
  int messages_ = 0, fd_;
};

void make_veth(int netns, const char* host_name, const char* bridge) {
  Netlink nl;
  const std::uint32_t master = ::if_nametoindex(bridge);
  ifinfomsg link{};
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  nl.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link);
  nl.attribute(IFLA_IFNAME, host_name, std::strlen(host_name) + 1);
  nl.attribute(IFLA_MASTER, &master, sizeof master);
  const auto info = nl.open_nest(IFLA_LINKINFO);
  nl.attribute(IFLA_INFO_KIND, "veth", 4);
  const auto data = nl.open_nest(IFLA_INFO_DATA);
  const auto peer = nl.open_nest(VETH_INFO_PEER);
  nl.raw(ifinfomsg{});
  nl.attribute(IFLA_IFNAME, "eth0", 5);
  nl.attribute(IFLA_NET_NS_FD, &netns, sizeof netns);
  nl.close_nest(peer);
  nl.close_nest(data);
  nl.close_nest(info);
  nl.end();
  nl.send("veth");
}

void configure_pod_network(int netns, int host_netns) {
  check(::setns(netns, CLONE_NEWNET) == 0, "setns net");
  {
    Netlink nl;
    const std::uint32_t lo = 1;
    const std::uint32_t eth = ::if_nametoindex("eth0");
    ifinfomsg up{};
    up.ifi_index = static_cast<int>(lo);
    up.ifi_flags = up.ifi_change = IFF_UP;
    nl.begin(RTM_NEWLINK, 0, up);
    nl.end();
    ifaddrmsg address{};
    address.ifa_family = AF_INET;
    address.ifa_prefixlen = 24;
    address.ifa_index = eth;
    const std::uint32_t ip = ::inet_addr("10.254.254.2");
    nl.begin(RTM_NEWADDR, NLM_F_CREATE, address);
    nl.attribute(IFA_LOCAL, &ip, sizeof ip);
    nl.attribute(IFA_ADDRESS, &ip, sizeof ip);
    nl.end();
    up.ifi_index = static_cast<int>(eth);
    nl.begin(RTM_NEWLINK, 0, up);
    nl.end();
    rtmsg route{};
    route.rtm_family = AF_INET;
    route.rtm_table = RT_TABLE_MAIN;
    route.rtm_protocol = RTPROT_BOOT;
    route.rtm_type = RTN_UNICAST;
    const std::uint32_t gateway = ::inet_addr("10.254.254.1");
    nl.begin(RTM_NEWROUTE, NLM_F_CREATE, route);
    nl.attribute(RTA_GATEWAY, &gateway, sizeof gateway);
    nl.end();
    nl.send("pod network");
  }
  check(::setns(host_netns, CLONE_NEWNET) == 0, "setns back");
}

// ---- cgroups: every controller podctl uses, v1 and v2 ----

struct Cgroups {
  std::vector<std::string> roots;  // one a hierarchy; v1 unless `unified` is the only one
  bool v2 = false;
};

Cgroups find_cgroups() {
  Cgroups found;
  if (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) {
    found.v2 = true;
    found.roots = {"/sys/fs/cgroup"};
    return found;
  }
  for (const char* name : {"cpu", "cpuacct", "memory", "pids", "devices", "unified"}) {
    const std::string path = std::string("/sys/fs/cgroup/") + name;
    if (::access(path.c_str(), F_OK) == 0) found.roots.push_back(path);
  }
  return found;
}

void write_file(const std::string& path, const char* text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  check(fd >= 0 && ::write(fd, text, std::strlen(text)) > 0, path.c_str());
  ::close(fd);
}

void make_group(const Cgroups& cgroups, const std::string& name) {
  for (const auto& root : cgroups.roots) check(::mkdir((root + name).c_str(), 0755) == 0, (root + name).c_str());
}

void limit(const Cgroups& cgroups, const std::string& name) {
  if (cgroups.v2) {
    write_file(cgroups.roots[0] + name + "/memory.max", "67108864");
    write_file(cgroups.roots[0] + name + "/pids.max", "1024");
    return;
  }
  write_file("/sys/fs/cgroup/cpu" + name + "/cpu.shares", "102");
  write_file("/sys/fs/cgroup/memory" + name + "/memory.limit_in_bytes", "67108864");
  write_file("/sys/fs/cgroup/pids" + name + "/pids.max", "1024");
}

// ---- processes ----

struct Child {
  pid_t pid = 0;
  int pidfd = -1;
};

template <class Run>
Child spawn(std::uint64_t flags, const Cgroups& cgroups, const std::string& group, Run run) {
  std::vector<int> tasks;
  clone_args args{};
  int pidfd = -1;
  int group_fd = -1;
  args.flags = CLONE_VFORK | CLONE_PIDFD | flags;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  for (const auto& root : cgroups.roots) {
    const bool unified = cgroups.v2 || root == "/sys/fs/cgroup/unified";
    if (unified) {
      group_fd = ::open((root + group).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      args.flags |= CLONE_INTO_CGROUP;
      args.cgroup = static_cast<std::uint64_t>(group_fd);
    } else {
      tasks.push_back(::open((root + group + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
      check(tasks.back() >= 0, "tasks");
    }
  }
  const pid_t pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  check(pid >= 0, "clone3");
  if (pid == 0) {
    for (const int fd : tasks) check(::write(fd, "0", 1) == 1, "enter cgroup");
    run();
    die("exec");
  }
  for (const int fd : tasks) ::close(fd);
  if (group_fd >= 0) ::close(group_fd);
  return {pid, pidfd};
}

void bind_onto(const char* source, const char* target) { check(::mount(source, target, nullptr, MS_BIND, nullptr) == 0, target); }

// The OCI default mounts, masks included, then the workload.
[[noreturn]] void run_container(int pause_pidfd, const char* rootfs, const std::string& state, const char* fifo) {
  check(::setns(pause_pidfd, CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0, "setns");
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0, "slave");
  const std::string root = state + "/root";
  const std::string options = std::string("lowerdir=") + rootfs + ",upperdir=" + state + "/upper,workdir=" + state + "/work";
  check(::mount("overlay", root.c_str(), "overlay", 0, options.c_str()) == 0, "overlay");
  check(::chdir(root.c_str()) == 0, "chdir");
  bind_onto(fifo, "mark");
  check(::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "proc");
  check(::mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=65536k") == 0, "dev");
  const struct { const char* name; unsigned minor; } nodes[] = {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7}, {"dev/random", 8}, {"dev/urandom", 9}};
  for (const auto& node : nodes) check(::mknod(node.name, S_IFCHR | 0666, makedev(1, node.minor)) == 0, node.name);
  check(::mknod("dev/tty", S_IFCHR | 0666, makedev(5, 0)) == 0, "tty");
  for (const char* dir : {"dev/pts", "dev/shm", "dev/mqueue"}) check(::mkdir(dir, 0755) == 0, dir);
  check(::mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620") == 0, "devpts");
  check(::mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "mqueue");
  check(::mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k") == 0, "shm");
  check(::mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr) == 0, "sysfs");
  for (const char* path : {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"}) {
    if (::access(path, F_OK) != 0) continue;
    bind_onto(path, path);
    check(::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0, path);
  }
  for (const char* path : {"proc/kcore", "proc/keys", "proc/timer_list"}) {
    if (::access(path, F_OK) == 0) bind_onto("dev/null", path);
  }
  for (const char* path : {"proc/acpi", "sys/firmware"}) {
    if (::access(path, F_OK) == 0) check(::mount("tmpfs", path, "tmpfs", MS_RDONLY, nullptr) == 0, path);
  }
  check(::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  check(::umount2(".", MNT_DETACH) == 0, "detach");
  check(::chdir("/") == 0, "chdir /");
  check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  char program[] = "/bench-mark";
  char mark[] = "/mark";
  char* argv[] = {program, mark, nullptr};
  char* envp[] = {nullptr};
  ::execve(program, argv, envp);
  die("execve");
}

void reap(const Child& child) {
  ::syscall(SYS_pidfd_send_signal, child.pidfd, SIGKILL, nullptr, 0);
  check(::waitpid(child.pid, nullptr, 0) == child.pid, "wait");
  ::close(child.pidfd);
}

void remove_group(const Cgroups& cgroups, const std::string& name) {
  for (const auto& root : cgroups.roots) check(::rmdir((root + name).c_str()) == 0, (root + name).c_str());
}

// What the start has made, and the directory that overlayfs makes in the one it works in.
void remove_state(const std::string& own) {
  for (const char* dir : {"/work/work", "/work", "/upper", "/root", ""}) check(::rmdir((own + dir).c_str()) == 0, "state");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: bench-floor CONTAINERS ROOTFS STATE FIFO BRIDGE CGROUP\n");
    return 2;
  }
  const auto begin = now_us();
  const int containers = std::atoi(argv[1]);
  const char* rootfs = argv[2];
  const std::string state = argv[3];
  const char* fifo = argv[4];
  const std::string pod = std::string("/") + argv[6];
  const Cgroups cgroups = find_cgroups();
  const int host_netns = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

  make_group(cgroups, pod);
  if (cgroups.v2) write_file(cgroups.roots[0] + pod + "/cgroup.subtree_control", "+cpu +memory +pids");
  limit(cgroups, pod);
  make_group(cgroups, pod + "/pause");
  const Child pause = spawn(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, cgroups, pod + "/pause", [&] {
    ::sethostname("bench", 5);
    const std::string program = std::string(rootfs) + "/bench-mark";
    ::execl(program.c_str(), "pause", nullptr);
  });
  const std::string netns_path = "/proc/" + std::to_string(pause.pid) + "/ns/net";
  const int netns = ::open(netns_path.c_str(), O_RDONLY | O_CLOEXEC);
  check(netns >= 0, "netns");
  const std::string veth = "vb" + std::to_string(::getpid());
  make_veth(netns, veth.c_str(), argv[5]);
  configure_pod_network(netns, host_netns);

  std::vector<Child> running;
  for (int i = 0; i < containers; ++i) {
    const std::string group = pod + "/c" + std::to_string(i);
    make_group(cgroups, group);
    limit(cgroups, group);
    const std::string own = state + "/" + std::to_string(i);
    for (const char* dir : {"", "/upper", "/work", "/root"}) check(::mkdir((own + dir).c_str(), 0755) == 0, "state");
    running.push_back(spawn(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP, cgroups, group,
                            [&] { run_container(pause.pidfd, rootfs, own, fifo); }));
  }
  std::printf("up %lld\n", static_cast<long long>(now_us() - begin));
  std::fflush(stdout);

  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
  const auto removing = now_us();
  ::close(netns);
  for (const auto& child : running) reap(child);
  reap(pause);
  for (int i = 0; i < containers; ++i) {
    remove_group(cgroups, pod + "/c" + std::to_string(i));
    remove_state(state + "/" + std::to_string(i));
  }
  remove_group(cgroups, pod + "/pause");
  remove_group(cgroups, pod);
  std::printf("down %lld\n", static_cast<long long>(now_us() - removing));
  return 0;
}
