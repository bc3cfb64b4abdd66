// podctld's log: one line an entry, "2026-11-24T11:33:38.652 info podctld serves /run/…", written
// at once. Used by main.cpp alone, on podctld's loop: nothing below it logs.
#pragma once

#include <string>
#include <string_view>

#include "podctl/base/unique_fd.hpp"

namespace podctl::server {

class Log {
 public:
  // Until to_file() lines go to standard output.
  Log() = default;
  // Appends to a file from now on; where it cannot be opened, standard output is kept.
  void to_file(const std::string& path);

  void info(std::string_view text) const { line("info", text); }
  void warn(std::string_view text) const { line("warning", text); }
  void error(std::string_view text) const { line("error", text); }

 private:
  void line(const char* level, std::string_view text) const;
  UniqueFd file_;
};

}  // namespace podctl::server
