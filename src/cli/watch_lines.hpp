// The events of a watch, from the pieces in which its stream comes. Used wherever podctl reads one:
// watch, pod_end, test_stream. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {

class WatchLines {
 public:
  void feed(std::string_view piece) { text_ += piece; }
  // Of a stream that begins anew nothing is left over.
  void clear() { text_.clear(); }
  // The next event, {"type", "object"}; nothing before more is fed. Bookmarks are passed over.
  // kCorrupt: a line is no event.
  Result<std::optional<boost::json::value>> next();

 private:
  std::string text_;
};

// The watch has to begin anew from a list: its version is too old.
inline bool is_broken(View event) { return event["type"].str() == "ERROR"; }

}  // namespace podctl::cli
