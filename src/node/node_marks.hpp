// What somebody has set on the Node object, kept in a file of the root: the object itself is made
// of what the machine is, whenever it is asked for.
#pragma once

#include <string>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/node/machine.hpp"

namespace podctl::node {

// None where there is no file.
Result<NodeMarks> read_marks(const Layout& layout);
Result<void> write_marks(const Layout& layout, const NodeMarks& marks);

}  // namespace podctl::node
