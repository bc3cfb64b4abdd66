// What applying a pod and applying any other object have in common.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cli/manifest_files.hpp"

namespace podctl::cli {

inline constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
// An object that somebody changed between reading and writing is read and merged again, so often
// (kubectl's maxPatchRetry).
inline constexpr int kMergeTries = 5;
// Whether this answer to a write asks for that, and tries are left; then after a moment, for a pod
// that starts changes several times in a row.
bool merge_again(const Reply& reply, int tries);

enum class DryRun { kNone, kClient, kServer };

struct Applied {
  std::string word;           // "created", "unchanged", "configured", "configured (recreated)"
  boost::json::value object;  // as the server has it
};

// A path with what makes it a dry run.
std::string target(const std::string& path, DryRun mode);
// The manifest as it was written, and with it the annotation that kubectl reads and writes as well;
// that holds no value of a Secret.
boost::json::value with_annotation(const api::Manifest& manifest);
// A refusal, its causes in their places in the file where they name fields.
Failure apply_refused(const Reply& reply, const ManifestFile& file, const api::Manifest& manifest);

// Makes an object that podctld only keeps, or merges the manifest into the one that is there, as
// kubectl does: what the last apply set and this one does not is taken out, what others set stays.
Result<Applied> apply_kept(Invocation& in, DryRun mode, const ManifestFile& file,
                           const api::Manifest& manifest);

}  // namespace podctl::cli
