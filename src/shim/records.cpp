#include "shim/records.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "podctl/sys/files.hpp"
#include "podctl/wire/codec.hpp"

namespace podctl::shim {

std::string Records::path(const wire::ExitRecord& record) const {
  return directory_ + "/" + record.name + "." + std::to_string(record.attempt);
}

Result<void> Records::keep(const wire::ExitRecord& record) {
  records_.push_back(record);  // told even when the file cannot be written
  return sys::write_file(path(record), wire::encode(record), 0600);
}

Result<void> Records::forget(const std::string& id) {
  const auto at = std::find_if(records_.begin(), records_.end(),
                               [&](const wire::ExitRecord& r) { return r.id == id; });
  if (at == records_.end()) return {};
  const std::string file = path(*at);
  records_.erase(at);
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
    return fail_errno(errno, "remove exit record", file);
  }
  return {};
}

}  // namespace podctl::shim
