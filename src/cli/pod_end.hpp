// Tells when one pod has ended or is gone, beside other things that are polled for.
//
// Used by port-forward; the process is podctl. It watches the pod by its uid, so a later pod of the
// same name is another. When podctld goes away it asks the next one.
#pragma once

#include <optional>
#include <string>

#include "cli/watch_lines.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

class PodEnd {
 public:
  PodEnd(Invocation& in, const std::string& ns, std::string name, std::string uid);

  // Starts, and starts anew. False: the pod has ended. kUnavailable: there is no podctld to ask.
  Result<bool> follow();
  // Readable when take() has something to do.
  int fd() const { return client_->fd(); }
  // Reads what has come. As follow().
  Result<bool> take();

 private:
  bool runs(View pod) const;

  Invocation& in_;
  std::string path_, name_, uid_;
  std::optional<Client> client_;
  WatchLines lines_;
};

}  // namespace podctl::cli
