// The store's inside, shared by store.cpp (look-ups and names) and load.cpp (new images). Private
// to image.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "files.hpp"
#include "oci.hpp"
#include "podctl/image/store.hpp"

namespace podctl::image {

struct Record {
  oci::Descriptor manifest;  // without a name
  Image image;
  std::vector<std::string> blobs;  // digests: manifest, configuration, layers
};
using Index = std::vector<Record>;

struct Store::Impl {
  std::string path;
  Limits limits;
  UniqueFd root, lock, blobs, layers, tmp;
  std::mutex work;                 // held by whoever changes the store
  mutable std::mutex index_mutex;  // held for a pointer's copy only
  std::shared_ptr<const Index> index = std::make_shared<Index>();
  std::atomic<unsigned> counter{0};
  std::string kept_name;  // what keep_name() was told; with `work` held

  std::shared_ptr<const Index> snapshot() const {
    std::lock_guard guard(index_mutex);
    return index;
  }
  Result<std::string> blob(const std::string& digest) const;
  Result<Record> record(const oci::Descriptor& manifest) const;
  Result<Index> read_index() const;
  // Makes `next` the index: written, then seen. With `work` held.
  Result<void> commit(Index next);
  // Takes `name` from the images that have it, for the one with `id`; kFailedPrecondition when
  // another one keeps it. With `work` held.
  Result<void> take_name(Index& from, const std::string& name, const std::string& id) const;
  // Removes blobs and layers no image has, and what interrupted changes left. With `work` held.
  Result<void> sweep();
};

// A directory below tmp/, gone with the object. What cannot be removed then is swept by the next
// open().
class Staging {
 public:
  static Result<Staging> make(Store::Impl& store);
  Staging(Staging&& other) noexcept
      : parent_(std::exchange(other.parent_, -1)),
        name_(std::move(other.name_)),
        fd_(std::move(other.fd_)) {}
  Staging& operator=(Staging&&) = delete;
  ~Staging() {
    if (parent_ >= 0) (void)remove_tree(parent_, name_);
  }
  int fd() const { return fd_.get(); }

 private:
  Staging(int parent, std::string name, UniqueFd fd)
      : parent_(parent), name_(std::move(name)), fd_(std::move(fd)) {}
  int parent_;
  std::string name_;
  UniqueFd fd_;
};

}  // namespace podctl::image
