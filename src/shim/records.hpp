// Exit records on the run directory's tmpfs: written before anybody is told, kept until podctld has
// taken them. Used by the shim; the engine reads them when a shim is dead.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/wire/spec.hpp"

namespace podctl::shim {

class Records {
 public:
  // `directory` is pod_run/exits and exists.
  explicit Records(std::string directory) : directory_(std::move(directory)) {}

  Result<void> keep(const wire::ExitRecord& record);
  // Not yet taken, oldest first.
  const std::vector<wire::ExitRecord>& all() const { return records_; }
  // A record that is not there is no error: an acknowledgement may come twice.
  Result<void> forget(const std::string& id);

 private:
  std::string path(const wire::ExitRecord& record) const;

  std::string directory_;
  std::vector<wire::ExitRecord> records_;
};

}  // namespace podctl::shim
