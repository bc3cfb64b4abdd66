// The parts of describe_pod, one file each.
#pragma once

#include "cli/describe_text.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

void describe_containers(DescribeText& out, std::string_view label, View containers, View statuses,
                         View pod);
void describe_resources(DescribeText& out, int level, View resources);
void describe_volumes(DescribeText& out, View volumes);
void describe_events(DescribeText& out, View events, std::int64_t now);
// "key=value" lines under one key, sorted, "<none>" when empty; `between` is "=" or ": ".
void describe_map(DescribeText& out, std::string_view key, View map, std::string_view between,
                  int level = 0);

// Multi-line and long values go below their key; the last applied manifest is not shown.
void describe_annotations(DescribeText& out, View annotations, int level = 0);

}  // namespace podctl::cli
