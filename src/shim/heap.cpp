// The shim's children borrow its memory until they execute: what they allocate is kept apart.
// Aligned new is not replaced: nothing of the shim asks for it.
#include <new>

#include "podctl/sys/borrower.hpp"

#if !defined(__SANITIZE_ADDRESS__)
using podctl::sys::borrowed::allocate;
using podctl::sys::borrowed::free_memory;

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { free_memory(memory); }
void operator delete[](void* memory) noexcept { free_memory(memory); }
void operator delete(void* memory, std::size_t) noexcept { free_memory(memory); }
void operator delete[](void* memory, std::size_t) noexcept { free_memory(memory); }
#endif
