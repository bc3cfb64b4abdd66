// The memory of a child that borrows its parent's address space (CLONE_VM and CLONE_VFORK), kept
// apart from the parent's: a stack and a heap of its own.
//
// A copy of even a small process costs milliseconds where the kernel runs virtualised: its page
// tables are made, and then both fault on every page that they write. A borrower costs nothing of
// that, but what it allocates nobody frees once it has executed another program, and if it is
// killed within malloc the parent's heap is left half changed. So a program whose children borrow
// replaces operator new and delete by allocate() and free_memory() (the shim does); what a borrower
// takes from them lies in the loan and is forgotten as a whole.
//
// Single thread: the parent is held while a borrower runs.
#pragma once

#include <cstddef>

namespace podctl::sys::borrowed {

// Bytes; only what is touched is ever there.
inline constexpr std::size_t kStack = 256U << 10, kHeap = 64U << 20;

// For operator new and delete. Null when there is no memory. A borrower frees nothing of its
// parent's.
void* allocate(std::size_t size) noexcept;
void free_memory(void* memory) noexcept;

// Pages that borrowers have touched go back to the kernel; not while one runs.
void give_back() noexcept;

// What spawn_copy() needs. Null: the loan could not be had.
char* stack() noexcept;
void begin() noexcept;  // from now on allocate() is the borrower's
void end() noexcept;

}  // namespace podctl::sys::borrowed
