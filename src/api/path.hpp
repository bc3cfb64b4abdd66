// A field path that is only spelled out when a fault needs it.
#pragma once

#include <string>
#include <string_view>

#include "api/reader.hpp"

namespace podctl::api {

struct Path {
  const Path* up = nullptr;
  std::string_view key = {};
  std::size_t index = 0;
  bool indexed = false;

  static Path of(const Path& up, std::string_view key) { return {&up, key, 0, false}; }
  static Path of(const Path& up, std::size_t index) { return {&up, {}, index, true}; }

  // A path points at the one above it, so that one must have a name.
  static Path of(const Path&& up, std::string_view key) = delete;
  static Path of(const Path&& up, std::size_t index) = delete;

  std::string str() const {
    if (!up) return std::string(key);
    return indexed ? reader::child(up->str(), index) : reader::child(up->str(), key);
  }
};

}  // namespace podctl::api
