// Pressure stall information: how much is waited for. https://docs.kernel.org/accounting/psi.html
#pragma once

#include <string_view>

namespace podctl {

// Of such a file's text, the share of the last ten seconds in which some process waited, in
// percent ("1.25"); empty where there is none.
inline std::string_view waited(std::string_view file) {
  constexpr std::string_view kKey = "avg10=";  // of the line "some", which is the first
  const auto at = file.find(kKey);
  if (at == std::string_view::npos) return {};
  const auto value = file.substr(at + kKey.size());
  return value.substr(0, value.find_first_of(" \n"));
}

}  // namespace podctl
