#include "podctl/cgroup/devices.hpp"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>

namespace podctl::cgroup {
namespace {

constexpr std::uint32_t kAnyAccess = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

// Registers of the program: the request, taken apart once.
constexpr int kResult = BPF_REG_0, kContext = BPF_REG_1, kType = BPF_REG_2, kAccess = BPF_REG_3,
              kMajor = BPF_REG_4, kMinor = BPF_REG_5;

std::uint64_t instruction(int code, int dst, int src, int off, std::int32_t imm) {
  bpf_insn insn{};
  insn.code = static_cast<__u8>(code);
  insn.dst_reg = static_cast<__u8>(dst) & 0xF;
  insn.src_reg = static_cast<__u8>(src) & 0xF;
  insn.off = static_cast<__s16>(off);
  insn.imm = imm;
  return std::bit_cast<std::uint64_t>(insn);
}

std::uint64_t load_word(int dst, std::size_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, dst, kContext, static_cast<int>(offset), 0);
}

std::uint64_t operate(int operation, int dst, std::int32_t imm) {
  return instruction(BPF_ALU64 | operation | BPF_K, dst, 0, 0, imm);
}

std::uint64_t copy(int dst, int src) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

std::uint32_t access_mask(const std::string& access) {
  std::uint32_t mask = 0;
  for (char c : access) {
    mask |= c == 'r' ? BPF_DEVCG_ACC_READ : c == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
  }
  return mask;
}

// "If the request is one that the rule covers, return 1"; jumps lead behind the block.
std::vector<std::uint64_t> rule_block(const DeviceRule& rule) {
  struct Test {
    int reg;
    std::int32_t value;
    bool subset;  // reg is the requested access: all of it must be in value
  };
  std::vector<Test> tests;
  if (rule.type != 'a')
    tests.push_back({kType, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, false});
  const std::uint32_t mask = rule.type == 'a' ? kAnyAccess : access_mask(rule.access);
  if (mask != kAnyAccess) tests.push_back({kAccess, static_cast<std::int32_t>(mask), true});
  if (rule.type != 'a' && rule.major >= 0)
    tests.push_back({kMajor, static_cast<std::int32_t>(rule.major), false});
  if (rule.type != 'a' && rule.minor >= 0)
    tests.push_back({kMinor, static_cast<std::int32_t>(rule.minor), false});

  std::size_t size = 2;
  for (const Test& test : tests) size += test.subset ? 3 : 1;
  std::vector<std::uint64_t> block;
  const auto to_end = [&] { return static_cast<int>(size - block.size() - 1); };
  for (const Test& test : tests) {
    if (test.subset) {
      block.push_back(copy(kContext, kAccess));
      block.push_back(operate(BPF_AND, kContext, test.value));
      block.push_back(instruction(BPF_JMP | BPF_JNE | BPF_X, kContext, kAccess, to_end(), 0));
    } else {
      block.push_back(instruction(BPF_JMP | BPF_JNE | BPF_K, test.reg, 0, to_end(), test.value));
    }
  }
  block.push_back(operate(BPF_MOV, kResult, 1));
  block.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  return block;
}

DeviceRule rule(char type, std::int64_t major, std::int64_t minor, const char* access) {
  DeviceRule out;
  out.type = type;
  out.major = major;
  out.minor = minor;
  out.access = access;
  return out;
}

}  // namespace

const std::vector<DeviceRule>& default_device_rules() {
  static const std::vector<DeviceRule> rules = {
      rule('c', -1, -1, "m"),   rule('b', -1, -1, "m"), rule('c', 1, 3, "rwm"),  // null
      rule('c', 1, 5, "rwm"),                                                    // zero
      rule('c', 1, 7, "rwm"),                                                    // full
      rule('c', 1, 8, "rwm"),                                                    // random
      rule('c', 1, 9, "rwm"),                                                    // urandom
      rule('c', 5, 0, "rwm"),                                                    // tty
      rule('c', 5, 1, "rwm"),                                                    // console
      rule('c', 5, 2, "rwm"),                                                    // ptmx
      rule('c', 136, -1, "rwm")                                                  // pts/*
  };
  return rules;
}

std::string device_rule_text(const DeviceRule& rule) {
  if (rule.type == 'a') return "a";
  const auto number = [](std::int64_t n) { return n < 0 ? std::string("*") : std::to_string(n); };
  return std::string(1, rule.type) + " " + number(rule.major) + ":" + number(rule.minor) + " " +
         rule.access;
}

Result<void> check(const DeviceRule& rule) {
  const auto bad = [&](const char* why) {
    return fail(Code::kInvalidArgument, "check device rule", device_rule_text(rule), why);
  };
  if (rule.type != 'a' && rule.type != 'b' && rule.type != 'c')
    return bad("the type is not a, b or c");
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  if (rule.major > kMax || rule.minor > kMax) return bad("the number is too large");
  if (rule.type == 'a') return {};
  if (rule.access.empty()) return bad("it allows nothing");
  if (rule.access.find_first_not_of("rwm") != std::string::npos)
    return bad("access is of r, w and m");
  return {};
}

std::vector<std::uint64_t> device_program(const std::vector<DeviceRule>& rules) {
  std::vector<std::uint64_t> program = {
      load_word(kType, offsetof(bpf_cgroup_dev_ctx, access_type)),
      copy(kAccess, kType),
      operate(BPF_AND, kType, 0xFFFF),
      operate(BPF_RSH, kAccess, 16),
      load_word(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
      load_word(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  bool all = false;  // code behind an unconditional return is refused as unreachable
  for (const DeviceRule& rule : rules) {
    const auto block = rule_block(rule);
    program.insert(program.end(), block.begin(), block.end());
    if (block.size() == 2) {
      all = true;
      break;
    }
  }
  if (!all) {
    program.push_back(operate(BPF_MOV, kResult, 0));
    program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  }
  return program;
}

Result<UniqueFd> load_device_program(const std::vector<DeviceRule>& rules) {
  const std::vector<std::uint64_t> program = device_program(rules);
  bpf_attr attr;
  std::memset(&attr, 0, sizeof attr);  // the kernel refuses unknown bytes that are not zero
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.expected_attach_type = BPF_CGROUP_DEVICE;
  attr.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attr.insn_cnt = static_cast<__u32>(program.size());
  attr.license = reinterpret_cast<std::uintptr_t>("Apache-2.0");
  std::strncpy(attr.prog_name, "podctl_devices", sizeof attr.prog_name - 1);
  // The kernel gives close-on-exec descriptors from BPF_PROG_LOAD by itself.
  const auto fd = static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));
  if (fd < 0) {
    return fail_errno(errno, "load", "device program",
                      "needs CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL");
  }
  return UniqueFd(fd);
}

Result<void> attach_device_program(int program, int cgroup2) {
  bpf_attr attr;
  std::memset(&attr, 0, sizeof attr);
  attr.target_fd = static_cast<__u32>(cgroup2);
  attr.attach_bpf_fd = static_cast<__u32>(program);
  attr.attach_type = BPF_CGROUP_DEVICE;
  // Programs above and below count too; all must agree.
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (::syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr) != 0) {
    return fail_errno(errno, "attach", "device program", "needs CONFIG_CGROUP_BPF");
  }
  return {};
}

}  // namespace podctl::cgroup
