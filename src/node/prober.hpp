// Tries the probes of one pod when they are due, and tells what came of it. What it means is
// lifecycle's to say.
//
// On podctld's loop; owned by a PodWorker. One try of a probe at a time, once a period on a grid
// that begins with the first one, as the kubelet's ticker.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/call.hpp"
#include "podctl/lifecycle/probing.hpp"

namespace podctl::node {

class Prober {
 public:
  // What a probe asks: of a command once for each attempt of a container, of the network at each
  // try, for it may have come to another address.
  using TargetOf =
      std::function<Result<Target>(const std::string& container, lifecycle::ProbeKind kind)>;
  using Report = std::function<void(const std::string& container, std::uint32_t attempt,
                                    lifecycle::ProbeAnswer)>;
  Prober(Context& context, std::string uid, TargetOf target_of, Report report);
  ~Prober();

  // Tries what the plan names and nothing else. `spread`: what begins now begins after a random
  // part of its period, for many pods begin at once.
  void follow(const std::vector<lifecycle::ProbePlan>& plans, bool spread);

 private:
  struct Runner;
  using Key = std::pair<std::string, lifecycle::ProbeKind>;
  void begin(const lifecycle::ProbePlan& plan, bool spread);
  void wait(const std::shared_ptr<Runner>& runner, std::uint64_t until_ns);
  void try_now(const std::shared_ptr<Runner>& runner);
  void wait_out(const std::shared_ptr<Runner>& runner);
  void answered(const std::shared_ptr<Runner>& runner, CallEnd end);

  Context& context_;
  const std::string uid_;
  TargetOf target_of_;
  Report report_;
  std::map<Key, std::shared_ptr<Runner>> runners_;
};

}  // namespace podctl::node
