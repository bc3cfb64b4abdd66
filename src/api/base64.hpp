// Base64 (RFC 4648, padded) of Secret data.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace podctl::api {

std::string base64_encode(std::string_view bytes);
// Nothing when the text is not base64; line breaks are skipped, as Go does. `bad`, if given,
// becomes the first byte that does not belong there.
std::optional<std::string> base64_decode(std::string_view text, std::size_t* bad = nullptr);

}  // namespace podctl::api
