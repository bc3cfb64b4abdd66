// Profiles compiled to BPF, as wire::SecuritySpec::seccomp carries them, and their cache. Used by
// node and cri on worker threads: compiling takes about 13 ms (measured), a cached one
// microseconds.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "podctl/base/error.hpp"
#include "podctl/seccomp/profile.hpp"

namespace podctl::seccomp {

// The profile as struct sock_filter[] for a container with the capabilities `caps` (bounding set as
// a mask): rules conditional on capabilities are resolved. kExhausted beyond the kernel's 4096
// instructions.
Result<std::string> compile(const Profile& profile, std::uint64_t caps);

// Thread-safe. Filters are kept in memory and as files under `directory` (Layout::lib() +
// "/seccomp"), named by a hash of profile, capabilities, kernel and library version; a damaged file
// is compiled anew. An empty directory: memory only.
class FilterCache {
 public:
  explicit FilterCache(std::string directory) : directory_(std::move(directory)) {}
  Result<std::string> get(const Profile& profile, std::uint64_t caps);

 private:
  std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::string> filters_;
};

}  // namespace podctl::seccomp
