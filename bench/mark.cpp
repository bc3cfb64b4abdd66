// The workload of every contender: says "I execute" by one byte into the FIFO named by argv[1], then holds
// until it is told to end. Static, so that it runs in any root file system.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace {
void leave(int) { _exit(0); }
}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGTERM, leave);
  if (argc > 1) {
    const int fifo = ::open(argv[1], O_WRONLY | O_CLOEXEC);
    if (fifo < 0 || ::write(fifo, "x", 1) != 1) return 1;
    ::close(fifo);
  }
  for (;;) ::pause();
}
