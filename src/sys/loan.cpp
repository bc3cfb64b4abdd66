#include "podctl/sys/borrowed.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <functional>

namespace podctl::sys::borrowed {
namespace {

struct Loan {
  char* memory = nullptr;  // the stack, which grows down, then the heap
  std::size_t taken = 0;   // of the heap
  bool running = false;    // the borrower, and so nobody else
};
Loan loan;

char* heap() { return loan.memory + kStack; }

bool holds(const void* memory) {
  const auto* at = static_cast<const char*>(memory);
  return loan.memory != nullptr && std::greater_equal<>()(at, heap()) &&
         std::less<>()(at, heap() + kHeap);
}

}  // namespace

void* allocate(std::size_t size) noexcept {
  if (!loan.running) return std::malloc(size == 0 ? 1 : size);
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  if (size > kHeap - loan.taken) return nullptr;
  void* memory = heap() + loan.taken;
  loan.taken += (size + kAlign - 1) / kAlign * kAlign;
  return memory;
}

void free_memory(void* memory) noexcept {
  if (loan.running || holds(memory)) return;
  std::free(memory);
}

void give_back() noexcept {
  if (loan.memory == nullptr || loan.running) return;
  ::madvise(loan.memory, kStack + kHeap, MADV_DONTNEED);
}

char* stack() noexcept {
  if (loan.memory != nullptr) return loan.memory;
  void* memory = ::mmap(nullptr, kStack + kHeap, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) loan.memory = static_cast<char*>(memory);
  return loan.memory;
}

void begin() noexcept {
  loan.taken = 0;
  loan.running = true;
}

void end() noexcept { loan.running = false; }

}  // namespace podctl::sys::borrowed
