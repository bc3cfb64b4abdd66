// The stream that comes out of a container: whatever it holds, what is unpacked stays in its place.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "mutate.hpp"
#include "podctl/archive/tree.hpp"
#include "scratch.hpp"

namespace podctl::archive {
namespace {

namespace fs = std::filesystem;

// Without right sums hardly a mutation would be looked at.
void sum_up(std::string& tar) {
  for (std::size_t at = 0; at + 512 <= tar.size(); at += 512) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i)
      sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(tar[at + i]);
    char text[16];
    std::snprintf(text, sizeof text, "%06o", sum);
    tar.replace(at + 148, 7, std::string(text, 7));
  }
}

std::string seed(const std::string& path) {
  const std::string text = "some text";
  return encode_header({EntryType::kDirectory, ".", "", 0, 0755, 0, 0}) +
         encode_header({EntryType::kDirectory, "d", "", 0, 0755, 0, 0}) +
         encode_header({EntryType::kFile, path, "", text.size(), 0644, 0, 0}) + text +
         padding(text.size()) +
         encode_header({EntryType::kSymlink, "d/l", "../../x", 0, 0777, 0, 0}) + end_of_archive();
}

TEST(FuzzArchiveTar, NothingIsWrittenBesideTheTarget) {
  const fs::path root = scratch_directory("fuzz-archive");
  bool sums = false;
  fuzz::run({seed("d/file"), seed("d/" + std::string(150, 'n')), seed("d/l/file")},
            [&](const std::string& data) {
              std::string tar = data;
              if ((sums = !sums)) sum_up(tar);
              fs::create_directory(root / "target");
              Unpacker unpacker(UniqueFd(::open((root / "target").c_str(), O_PATH | O_CLOEXEC)),
                                ".", {.symlinks = true}, [](const std::string&) {});
              TarReader reader;
              reader.feed(tar);
              for (;;) {
                auto piece = reader.next();
                if (!piece || !*piece || !unpacker.take(**piece)) break;
              }
              EXPECT_EQ(std::distance(fs::directory_iterator(root), {}), 1);
              fs::remove_all(root / "target");
            });
  fs::remove_all(root);
}

}  // namespace
}  // namespace podctl::archive
