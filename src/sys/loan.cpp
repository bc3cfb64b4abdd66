#include "sys/loan.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>

namespace podctl::sys::borrowed {
namespace {

constexpr std::size_t kMost = 8;
std::array<Loan, kMost> loans;
// Shared with its borrower, as all memory is.
thread_local Loan* living_on = nullptr;

bool make(Loan& loan) {
  if (loan.memory != nullptr) return true;
  void* memory = ::mmap(nullptr, kLoan, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  loan.memory = static_cast<char*>(memory);
  return true;
}

Loan* free_one() {
  const auto loan = std::find_if(loans.begin(), loans.end(), [](const Loan& l) { return !l.lent; });
  return loan != loans.end() && make(*loan) ? &*loan : nullptr;
}

void touch(char* from, std::size_t size) {
  constexpr std::size_t kPage = 4096;
  for (std::size_t at = 0; at < size; at += kPage) *static_cast<volatile char*>(from + at) = 0;
}

bool holds(const Loan& loan, const void* memory) {
  const auto* at = static_cast<const char*>(memory);
  return loan.memory != nullptr && std::greater_equal<>()(at, loan.memory) &&
         std::less<>()(at, loan.memory + kLoan);
}

// Null when there is no memory.
void* take_from(Loan& loan, std::size_t size) {
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  if (size > kHeap - loan.taken) return nullptr;
  void* memory = loan.heap() + loan.taken;
  loan.taken += (size + kAlign - 1) / kAlign * kAlign;
  return memory;
}

}  // namespace

void* allocate(std::size_t size) noexcept {
  const bool borrower = living_on != nullptr;
  void* memory = borrower ? take_from(*living_on, size) : std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) return memory;
  if (borrower) ::_exit(kBorrowerGaveUp);  // abort(3) would leave its lock behind (borrower.cpp)
  std::abort();
}

void free_memory(void* memory) noexcept {
  if (living_on != nullptr) return;
  for (const Loan& loan : loans) {
    if (holds(loan, memory)) return;
  }
  std::free(memory);
}

void make_ready(std::size_t borrowers) noexcept {
  for (Loan& loan : loans) {
    if (borrowers == 0) return;
    if (loan.lent || !make(loan)) continue;
    touch(loan.stack() + kStack - kUsualStack, kUsualStack);
    touch(loan.thread_stack() + kThreadStack - kUsualThreadStack, kUsualThreadStack);
    touch(loan.heap(), kUsualHeap);
    --borrowers;
  }
}

void give_back() noexcept {
  for (const Loan& loan : loans) {
    if (loan.memory != nullptr && !loan.lent) ::madvise(loan.memory, kLoan, MADV_DONTNEED);
  }
}

bool available() noexcept { return free_one() != nullptr; }

Loan* lend() noexcept {
  Loan* loan = free_one();
  if (loan == nullptr) return nullptr;
  loan->taken = 0;
  loan->lent = true;
  return loan;
}

void take_back(Loan* loan) noexcept { loan->lent = false; }

void live_on(Loan* loan) noexcept { living_on = loan; }

bool living() noexcept { return living_on != nullptr; }

}  // namespace podctl::sys::borrowed
