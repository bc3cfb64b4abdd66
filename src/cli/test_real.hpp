// Runs scenarios for real: podctld with a root of its own, real containers, real time.
//
// Used by `test --real` in podctl's process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/interrupt.hpp"
#include "podctl/api/manifest.hpp"
#include "podctl/base/error.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/scenario/format.hpp"
#include "podctl/scenario/run.hpp"

namespace podctl::cli {

// The podctld that the scenarios run in. Without --root (or PODCTL_ROOT) it is made for them, in
// TMPDIR, and removed with all that it made; else it stays.
class Stage {
 public:
  // `interrupt` is told what a signal will do, and what a second one leaves.
  static Result<Stage> open(const Invocation& outer, Interrupt& interrupt);
  // Of a podctld of our own: removes everything, and takes back what was told of signals.
  Result<void> close(Interrupt& interrupt);

  Invocation& in() { return *in_; }

 private:
  Result<void> remove_root();

  std::unique_ptr<Invocation> in_;
  std::string own_root_;
};

// Makes the pods, takes the steps, and deletes the pods again. An Error is none of the scenario's:
// podctld cannot be reached, or refuses the pods; kCancelled: it was interrupted, and the pods are
// gone all the same.
Result<scenario::Report> run_real(Invocation& in, const scenario::PodTest& test,
                                  const std::vector<api::Manifest>& manifests,
                                  const Interrupt& interrupt);

}  // namespace podctl::cli
