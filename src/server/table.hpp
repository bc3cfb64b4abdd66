// Tables for clients that print columns: kubectl's columns, one row an object.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
//
// Used by the handlers. Rows are encoded as they come: a table costs its text and nothing else.
#pragma once

#include <cstdint>
#include <string>

#include "podctl/api/time.hpp"

namespace podctl::server {

// For every kind of api/kinds.hpp.
template <class T>
class TableText {
 public:
  // `include` is includeObject, what a row's object holds: "None", "Object", or "Metadata" (a
  // PartialObjectMetadata; the default, as in Kubernetes).
  TableText(std::uint64_t version, std::string include);
  TableText(std::uint64_t version, std::string include, api::Time now);

  void add(const T& object);
  // Once, at the end. `next`: where the rest of the list begins (metadata.continue); empty: this is
  // all.
  std::string str(const std::string& next = {}) &&;

 private:
  std::string text_, include_;
  std::size_t metadata_end_ = 0;
  api::Time now_;
  bool empty_ = true;
};

template <class T>
std::string table_of(const T& object, std::uint64_t version, std::string include) {
  TableText<T> table(version, std::move(include));
  table.add(object);
  return std::move(table).str();
}

}  // namespace podctl::server
