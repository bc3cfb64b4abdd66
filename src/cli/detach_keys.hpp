// The keys that end podctl's part of an attach and leave the container running, as kubectl, crictl
// and docker have them. Used by attach. Pure.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::cli {

inline constexpr std::string_view kDetachKeys = "ctrl-p,ctrl-q";

// "ctrl-p,ctrl-q" as the bytes that a terminal sends for it; nothing for "". Keys are single
// characters and ctrl- with a letter or one of @ [ \ ] ^ _. kInvalidArgument.
Result<std::string> parse_detach_keys(std::string_view keys);

// What is typed, without the keys. A beginning of them is held back until it turns out to be none.
class DetachFilter {
 public:
  explicit DetachFilter(std::string keys) : keys_(std::move(keys)) {}
  // What is to be passed on; nothing more once detached().
  std::string pass(std::string_view typed);
  bool detached() const { return !keys_.empty() && held_ == keys_; }

 private:
  std::string keys_, held_;
};

}  // namespace podctl::cli
