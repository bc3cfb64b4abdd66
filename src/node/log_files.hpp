// The files of a container's log. The shim writes LOG and renames it to LOG.<time> when it is full;
// all of those but the newest are compressed to LOG.<time>.gz, as a kubelet does it (k8s
// pkg/kubelet/logs/container_log_manager.go) and by podctld, so that no shim holds zlib. The shim
// removes the oldest, compressed or not.
//
// Blocks on the disk: used in workers, and by LogReader.
#pragma once

#include <string>
#include <vector>

#include "podctl/base/error.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::node {

// The rotated files of a log, oldest first, by their names without ".gz".
std::vector<std::string> rotated_logs(const std::string& log);

// One of them, or the log itself, for reading; what is compressed comes as a file in memory that
// holds the text. kNotFound when it is gone.
Result<UniqueFd> open_log(const std::string& path);

// Compresses one file of a directory that holds logs: the oldest that waits for it. Whether there
// was one. The text is on the disk in one form or the other at any moment, and LOG.<time> is whole
// as long as it is there.
Result<bool> compress_log(const std::string& directory);

}  // namespace podctl::node
