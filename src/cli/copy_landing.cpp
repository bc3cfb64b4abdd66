#include "cli/copy_landing.hpp"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include "cli/copy_spec.hpp"

namespace podctl::cli {

Landing::Landing(std::string source, std::string target, archive::UnpackPolicy policy,
                 archive::Warn warn)
    : source_(std::move(source)),
      target_(std::move(target)),
      policy_(policy),
      warn_(std::move(warn)) {
  std::error_code error;
  target_is_directory_ = std::filesystem::is_directory(target_, error);
}

void Landing::begin_again() {
  reader_ = {};
  unpacker_.reset();
}

Result<void> Landing::take(std::string_view data) {
  reader_.feed(data);
  while (auto piece = TRY(reader_.next())) {
    if (!unpacker_) TRY(choose_place(*piece));
    TRY(unpacker_->take(*piece));
  }
  return {};
}

Result<void> Landing::choose_place(const archive::TarReader::Piece& piece) {
  if (!piece.entry || piece.entry->path != ".")
    return fail(Code::kCorrupt, "read archive", {}, "it does not begin with what was asked for");
  std::error_code error;
  CopyPlace place = copy_place(piece.entry->type == archive::EntryType::kFile, source_, target_,
                               target_is_directory_);
  if (place.name.empty())
    return fail(Code::kInvalidArgument, "copy to", target_, "it names no file");
  std::filesystem::create_directories(place.directory, error);
  UniqueFd parent(::open(place.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent) return fail_errno(errno, "open directory", place.directory);
  unpacker_.emplace(std::move(parent), std::move(place.name), policy_, warn_);
  return {};
}

}  // namespace podctl::cli
