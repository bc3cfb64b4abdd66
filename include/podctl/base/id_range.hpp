// A run of user and group ids of the machine: the host's side of a user namespace. Pure data.
#pragma once

#include <cstdint>

namespace podctl {

// user_namespaces(7): the namespace's ids 0 to count - 1 are the machine's from `first` on.
struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;

  // In 64 bits: a range may end with the last id.
  bool overlaps(const IdRange& other) const {
    const std::uint64_t own_end = std::uint64_t{first} + count;
    const std::uint64_t end = std::uint64_t{other.first} + other.count;
    return first < end && other.first < own_end;
  }
  bool operator==(const IdRange&) const = default;

  template <class V>
  void wire(V& v) {
    v(1, first);
    v(2, count);
  }
};

}  // namespace podctl
