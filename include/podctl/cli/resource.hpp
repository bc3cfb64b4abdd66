// The types that `get`, `describe`, `delete` and `wait` take, by all their names, and "TYPE/NAME"
// operands.
//
// Pure; used by the commands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/kinds.hpp"
#include "podctl/base/error.hpp"

namespace podctl::cli {

// A row of the table of kinds, and where its objects are.
struct Resource : api::KindInfo {
  // Of all of `ns` (empty: of every namespace), or of one object.
  std::string path(std::string_view ns, std::string_view name = {}) const;
};

std::span<const Resource> resources();
const Resource& pods();
const Resource& resource_of(const api::KindInfo& kind);
// A type by any of its names, in any case. kInvalidArgument in kubectl's words, with "did you
// mean".
Result<const Resource*> find_resource(std::string_view word);

struct ObjectRef {
  const Resource* resource = nullptr;
  std::string name;  // empty: all
  std::string ns;    // empty: the one asked for
};
// "pods", "pod web db", "pod/web node/x", "pods,events".
Result<std::vector<ObjectRef>> parse_refs(const std::vector<std::string>& words);
// By what else than operands objects are chosen.
struct ChosenBy {
  bool files = false, selector = false, all_namespaces = false;
};
// kInvalidArgument, in kubectl's words, for operands that these leave no meaning.
Result<void> check_operands(const std::vector<std::string>& words,
                            const std::vector<ObjectRef>& refs, ChosenBy by);
// "web" or "pod/web": a pod's name.
Result<std::string> parse_pod(std::string_view word);

}  // namespace podctl::cli
