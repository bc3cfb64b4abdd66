// Manifests as -f names them: files, directories, standard input; read and checked whole.
#pragma once

#include <string>
#include <vector>

#include "podctl/api/manifest.hpp"
#include "podctl/base/error.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {

struct ManifestFile {
  std::string name;  // as shown: "pod.yaml", "STDIN"
  std::string text;
};

// Every file of -f, directories in order of name: *.yaml, *.yml, *.json, of which only files count:
// a FIFO there would be waited for. One that is named itself is read, for so comes `-f <(…)`.
// kNotFound names what is missing.
Result<std::vector<ManifestFile>> read_manifests(const std::vector<std::string_view>& paths,
                                                 bool recursive);

// A whole file; kInvalidArgument for one that nobody can tell the end of (a FIFO, a device) or that
// is larger than a manifest may be.
Result<std::string> read_plain_file(const std::string& path);

struct LoadedFile {
  ManifestFile file;
  api::Loaded loaded;
};
// All files of the command line, decoded; faults are printed as file:line:column and make it fail.
Result<std::vector<LoadedFile>> load_files(Invocation& in, api::Bar bar);

// The objects that -f names and -l, if given, lets through, with their namespaces.
Result<std::vector<ObjectRef>> manifest_names(Invocation& in);

}  // namespace podctl::cli
