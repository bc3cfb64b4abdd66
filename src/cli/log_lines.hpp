// A log as it comes in pieces, turned into what the user is to see: whole lines, with the pod's
// name before them or without the timestamps that only podctl asked for, and of a stream that broke
// off and began anew no line twice.
//
// Used by `logs` in podctl's process, one object a container. Pure: it reads and prints nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace podctl::cli {

struct LogForm {
  bool timed = false;      // each line comes with its time, a space after it
  bool show_time = false;  // and is shown with it
  std::string prefix;
  std::optional<std::size_t> limit;  // bytes to show, prefixes not counted
};

class LogLines {
 public:
  explicit LogLines(LogForm form) : form_(std::move(form)) {}

  // The lines that this piece completes.
  std::string feed(std::string_view piece);
  // At the end of the log: a last line without its end.
  std::string finish();
  // The stream begins anew at the second of last_time(): what was shown of it is left out.
  void begin_anew();

  // Of the last line shown; empty before the first one.
  const std::string& last_time() const { return last_; }
  // The limit is reached.
  bool full() const { return form_.limit && *form_.limit == 0; }

 private:
  std::string shown(std::string_view line);

  LogForm form_;
  std::string rest_;
  std::string last_;
  std::size_t seen_at_last_ = 0, skip_ = 0;
  bool anew_ = false;
};

}  // namespace podctl::cli
