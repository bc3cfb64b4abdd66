// What each field of a Pod means, in podctl's own words: the text behind `podctl explain`.
//
// Beside the field tables, which say only names and types. A test sees to it that no field of a Pod
// lacks a text.
#pragma once

#include <span>
#include <string_view>

namespace podctl::api {

struct Prose {
  std::string_view type;  // "*": of every type that has no text of its own for the field
  std::string_view field;
  std::string_view text;
};

std::span<const Prose> prose_of_spec();
std::span<const Prose> prose_of_containers();
std::span<const Prose> prose_of_volumes();
std::span<const Prose> prose_of_status();
std::span<const Prose> prose_of_config();

// Empty when there is none.
std::string_view prose(std::string_view type, std::string_view field);

}  // namespace podctl::api
