// podctl-pause: holds the namespaces of the process that it is executed in, until it is killed.
//
// Written without the C library: a pod keeps one of these for all its life, and so it takes two
// pages of memory instead of thirty, and nothing of the C library's start. It has nobody to reap:
// in a PID namespace shared by a pod the shim's own copy holds (podctl/pause/pause.hpp).
#include <linux/prctl.h>
#include <sys/syscall.h>

namespace {

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
#if defined(__x86_64__)
  long result;
  register long fourth asm("r10") = d;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#else
#error "podctl-pause needs the system call convention of this architecture"
#endif
}

}  // namespace

extern "C" [[noreturn]] void _start() {
  call(SYS_prctl, PR_SET_DUMPABLE, 0);
  call(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>("podctl-pause"));
  call(SYS_close_range, 0, ~0U, 0);
  for (;;) call(SYS_ppoll);
}
