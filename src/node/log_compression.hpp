// Looks from time to time whether pods' logs have been rotated, and compresses what has been: as
// often as a kubelet, one file at a time, and for no more than a small part of the time.
//
// Owned by Node, on podctld's loop; the compressing is done by a worker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "podctl/node/context.hpp"
#include "podctl/node/pod_worker.hpp"

namespace podctl::node {

class LogCompression {
 public:
  using Workers = std::map<std::string, std::shared_ptr<PodWorker>>;
  LogCompression(Context& context, const Workers& workers);
  ~LogCompression();
  void start();

 private:
  struct Timer;
  // When directories of logs were changed last that had nothing to compress: nothing is listed
  // there before they change again.
  using Seen = std::map<std::string, std::int64_t>;
  struct Round;
  void look();
  void looked(Round round);
  void again(std::uint64_t in_ns);

  Context& context_;
  const Workers& workers_;
  Seen seen_;
  std::string told_;  // the last failure, which comes again with every look
  std::unique_ptr<Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers come later than the end
};

}  // namespace podctl::node
