#include "init/execute.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "podctl/base/text.hpp"
#include "podctl/sys/root_dir.hpp"

namespace podctl::init {
namespace {

constexpr std::size_t kHead = 4096;  // bytes of a program that are looked at, after a failure

Failure refuse(Code code, const std::string& name, std::string cause) {
  return fail(code, "exec:", "\"" + name + "\"", std::move(cause));
}

// 0 when it can be executed, else the errno that stands against it.
int obstacle(const std::string& file) {
  struct stat st;
  if (::stat(file.c_str(), &st) != 0) return errno;
  if (S_ISDIR(st.st_mode)) return EISDIR;
  // The effective user counts, with its capabilities; a file without any x bit is refused even to
  // root.
  if (::faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) != 0) return errno;
  return 0;
}

std::string elf_interpreter(const std::string& head) {
  Elf64_Ehdr elf;
  if (head.size() < sizeof elf || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return {};
  std::memcpy(&elf, head.data(), sizeof elf);
  for (unsigned i = 0; i < elf.e_phnum; ++i) {
    Elf64_Phdr part;
    const std::uint64_t at = elf.e_phoff + std::uint64_t{i} * sizeof part;
    if (at > head.size() || head.size() - at < sizeof part) return {};
    std::memcpy(&part, head.data() + at, sizeof part);
    if (part.p_type != PT_INTERP) continue;
    if (part.p_offset > head.size() || head.size() - part.p_offset < part.p_filesz) return {};
    return head.substr(part.p_offset, part.p_filesz > 0 ? part.p_filesz - 1 : 0);
  }
  return {};
}

std::string head_of(int program) {
  std::string head(kHead, '\0');
  const auto n = ::pread(program, head.data(), head.size(), 0);
  head.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return head;
}

// The program that the kernel would run in its place: of "#!" or of ELF's PT_INTERP.
std::string interpreter_of(int program) {
  const std::string head = head_of(program);
  if (!head.starts_with("#!")) return elf_interpreter(head);
  const auto line = text::trim(std::string_view(head).substr(2, head.find('\n') - 2));
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

// The machine of an ELF header (elf(5), e_machine), for those that images are made for.
const char* machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_386:
      return "32-bit x86";
    case EM_AARCH64:
      return "AArch64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "S/390";
    case EM_RISCV:
      return "RISC-V";
    default:
      return "another machine";
  }
}

// What the kernel does not take for a program, looked at.
std::string format_of(int program) {
  const std::string head = head_of(program);
  if (head.empty()) return "the file is empty or cannot be read";
  Elf64_Ehdr elf;
  if (head.size() < sizeof elf || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) {
    return "neither a program nor a script that begins with \"#!\"";
  }
  std::memcpy(&elf, head.data(), sizeof elf);
  return std::string("a program for ") + machine_name(elf.e_machine);
}

// The program and its interpreters, held open over execve: so nobody can have a lease on them
// (fcntl(2), F_SETLEASE), which would hold execve up for 45 s. What may be executed and not read
// cannot be held.
Result<std::vector<UniqueFd>> hold(const std::string& program) {
  constexpr int kMostInterpreters = 5;  // execve(2): of an interpreter that is a script itself
  std::vector<UniqueFd> held;
  const auto root = TRY(sys::RootDir::open_host("/"));
  std::string file = program;
  for (int n = 0; n <= kMostInterpreters && file.starts_with('/'); ++n) {
    auto fd = root.open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd && fd.error().sys_errno == EWOULDBLOCK) {
      return refuse(Code::kFailedPrecondition, program, "a process has a lease on " + file);
    }
    if (!fd) break;
    file = interpreter_of(fd->get());
    held.push_back(std::move(*fd));
  }
  return held;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<std::string> find_program(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) {
    switch (const int err = obstacle(name)) {
      case 0:
        return name;
      case ENOENT:
      case ENOTDIR:
        return refuse(Code::kNotFound, name, "no such file or directory");
      case EISDIR:
        return refuse(Code::kPermissionDenied, name, "is a directory");
      default:
        return refuse(code_from_errno(err), name,
                      err == EACCES ? "permission denied" : ::strerrordesc_np(err));
    }
  }
  bool denied = false;
  for (const auto directory : text::split(path, ':')) {
    const std::string file = (directory.empty() ? "." : std::string(directory)) + "/" + name;
    const int err = obstacle(file);
    if (err == 0) return file;
    denied = denied || err == EACCES;
  }
  if (denied) return refuse(Code::kPermissionDenied, name, "permission denied");
  return refuse(Code::kNotFound, name, "executable file not found in $PATH");
}

Error execute(const std::string& program, const std::vector<std::string>& argv,
              const std::vector<std::string>& env) {
  const auto arguments = pointers(argv);
  const auto environment = pointers(env);
  const auto held = hold(program);
  if (!held) return held.error();
  ::execve(program.c_str(), arguments.data(), environment.data());
  const int err = errno;
  std::string cause = ::strerrordesc_np(err);
  if (err == ENOEXEC) {
    cause = "exec format error";
    if (!held->empty()) cause += " (" + format_of(held->back().get()) + ")";
  }
  if (err == EACCES) cause = "permission denied";
  if (err == E2BIG) cause = "argument list too long";
  if (err == ENOENT) {
    // Of a relative name nothing is held: execve has resolved it from the working directory.
    const std::string interpreter = held->empty() ? "" : interpreter_of(held->back().get());
    cause = "no such file or directory";
    if (!interpreter.empty()) cause = "interpreter \"" + interpreter + "\": " + cause;
  }
  if (err == EAGAIN) cause = "its user has as many processes as RLIMIT_NPROC allows";
  Error error = refuse(code_from_errno(err), program, cause).value();
  if (err != ENOMEM) return error;  // the cause says it
  error.sys_errno = err;            // who asked knows of limits
  error.detail.clear();
  return error;
}

Error execute_brought(int program, const std::vector<std::string>& argv,
                      const std::vector<std::string>& env) {
  const auto arguments = pointers(argv);
  const auto environment = pointers(env);
  ::execveat(program, "", arguments.data(), environment.data(), AT_EMPTY_PATH);
  return fail_errno(errno, "exec:", argv.empty() ? "" : argv.front()).value();
}

}  // namespace podctl::init
