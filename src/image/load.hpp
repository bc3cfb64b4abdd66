// Images of a source made part of a store: found, checked, unpacked in staging, then all put in
// place. Private to image.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source.hpp"
#include "store_impl.hpp"

namespace podctl::image {

// An image found in a source; nothing checked yet beyond what `found_*` functions say.
struct Candidate {
  std::vector<std::string> names;  // normalised
  Blob config;
  std::vector<Blob> layers;  // lowest first
  bool verified = false;     // the layers' digests were those a manifest asks for
  std::string manifest;      // the document; empty: to be written
};

class Loader {
 public:
  Loader(Store::Impl& store, int staging, std::string label)
      : store_(store), staging_(staging), label_(std::move(label)) {}

  // Which images the source holds; their blobs are staged.
  Result<std::vector<Candidate>> find(Source& source);
  // Checks and unpacks, then commits all or nothing. With the store's `work` held.
  Result<std::vector<Image>> add(std::vector<Candidate> candidates);

 private:
  Result<std::vector<Candidate>> find_saved(Source& source);
  Result<void> find_indexed(Source& source, const std::string& file, const std::string& name,
                            int depth, std::vector<Candidate>& out);
  Result<Candidate> find_manifest(Source& source, const oci::Descriptor& descriptor,
                                  const std::string& name);
  Result<Blob> take_checked(Source& source, const std::string& digest);
  Result<std::string> document(const Blob& blob, const std::string& what);
  Result<std::vector<std::string>> normalise(const std::vector<std::string>& names);
  Result<Record> stage(Candidate& candidate);
  Result<oci::Descriptor> stage_layer(const Blob& blob, const std::string& diff_id, bool verified);
  Result<void> unpack_layer(const Blob& blob, const std::string& diff_id);
  Result<void> put_in_place();
  Failure corrupt(const std::string& what, const std::string& why) const;

  Store::Impl& store_;
  int staging_;
  std::string label_;
  std::map<std::string, std::string> blobs_;   // digest -> staged file
  std::map<std::string, std::string> layers_;  // diff_id -> staged directory
};

}  // namespace podctl::image
