// The shim's children borrow its memory until they execute: what they allocate is kept apart.
// Aligned new is not replaced: nothing of the shim asks for it.
#include <cstdlib>
#include <new>

#include "podctl/sys/borrowed.hpp"

#if !defined(__SANITIZE_ADDRESS__)
void* operator new(std::size_t size) {
  void* memory = podctl::sys::borrowed::allocate(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new[](std::size_t size) { return ::operator new(size); }
void operator delete(void* memory) noexcept { podctl::sys::borrowed::free_memory(memory); }
void operator delete[](void* memory) noexcept { podctl::sys::borrowed::free_memory(memory); }
void operator delete(void* memory, std::size_t) noexcept {
  podctl::sys::borrowed::free_memory(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  podctl::sys::borrowed::free_memory(memory);
}
#endif
