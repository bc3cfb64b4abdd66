// A directory whose files change all at once, for whoever reads them: the kubelet's atomic writer
// (K pkg/volume/util/atomic_writer.go).
//
//   ..2026_11_30_17_30_12.9f0c…/   the files themselves, in a directory of their own
//   ..data -> that directory       replaced by one rename
//   config.yaml -> ..data/config.yaml    what users see: one link for each name at the top
//
// Used by runtime (the shim) on memory volumes, through the descriptor that it holds. What is in
// the directory may be hostile (a privileged container reaches it): no link is followed out of it.
#pragma once

#include <cstdint>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::sys {

struct PayloadFile {
  std::string_view path;  // relative, without ".."; its directories are made with mode 0755
  std::string_view content;
  std::uint32_t mode = 0644;
};

// The files take the place of those that were written before. On failure what was there stays.
// `group`: whose they are, and may read them; absent: root's.
Result<void> write_payload(int directory, const std::vector<PayloadFile>& files,
                           std::optional<std::uint32_t> group = {});

}  // namespace podctl::sys
