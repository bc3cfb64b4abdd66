#include "podctl/api/table.hpp"

namespace podctl::api {

const Field* Type::find(std::string_view field) const {
  for (const Field& f : fields) {
    if (f.name == field) return &f;
  }
  return nullptr;
}

}  // namespace podctl::api
