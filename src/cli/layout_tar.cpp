#include "cli/layout_tar.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace podctl::cli {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kPiece = 256U << 10;

// Where the fields of a header stand.
struct Ustar {
  char name[100];
  char mode[8], uid[8], gid[8];
  char size[12], mtime[12];
  char checksum[8];
  char type;
  char linkname[100];
  char magic[6], version[2];
  char rest[247];
};
static_assert(sizeof(Ustar) == kBlock);

void octal(char* field, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value >>= 3)
    field[i] = static_cast<char>('0' + (value & 7));
}

// Eleven octal digits end at 8 GiB; above that the field is a big-endian number with its top bit
// set, as GNU tar and libarchive write it.
void put_size(char (&field)[12], std::uint64_t size) {
  if (size < 1ULL << 33) return octal(field, 11, size);
  for (std::size_t i = sizeof field; i-- > 1; size >>= 8) field[i] = static_cast<char>(size & 255);
  field[0] = static_cast<char>(0x80);
}

// Hands the layout out piece by piece: a header, the content, zeros up to the next block.
class Packer {
 public:
  Packer(std::string directory, std::vector<std::string> files)
      : directory_(std::move(directory)), files_(std::move(files)) {}

  Result<std::string> next() {
    if (fd_) return content();
    if (at_ < files_.size()) return header();
    if (ended_) return std::string();
    ended_ = true;
    return std::string(2 * kBlock, '\0');
  }

 private:
  Result<std::string> header() {
    const std::string& name = files_[at_++];
    path_ = directory_ + "/" + name;
    fd_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat st {};
    if (!fd_ || ::fstat(fd_.get(), &st) != 0) return fail_errno(errno, "read", path_);
    if (!S_ISREG(st.st_mode)) return fail(Code::kInvalidArgument, "read", path_, "not a file");
    size_ = left_ = static_cast<std::uint64_t>(st.st_size);
    return ustar_header(name, size_);
  }

  Result<std::string> content() {
    std::string piece(std::min<std::uint64_t>(left_, kPiece), '\0');
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const ssize_t n = ::read(fd_.get(), piece.data() + filled, piece.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(errno, "read", path_);
      if (n == 0) return fail(Code::kConflict, "read", path_, "it shrank meanwhile");
      filled += static_cast<std::size_t>(n);
    }
    left_ -= filled;
    if (left_ > 0) return piece;
    piece.append((kBlock - size_ % kBlock) % kBlock, '\0');
    fd_.reset();
    if (piece.empty()) return next();  // an empty file is its header alone
    return piece;
  }

  std::string directory_;
  std::vector<std::string> files_;
  std::size_t at_ = 0;
  std::string path_;
  UniqueFd fd_;
  std::uint64_t size_ = 0, left_ = 0;
  bool ended_ = false;
};

}  // namespace

std::string ustar_header(const std::string& name, std::uint64_t size) {
  Ustar h{};
  std::memcpy(h.name, name.data(), std::min(name.size(), sizeof h.name));
  octal(h.mode, 7, 0644);
  octal(h.uid, 7, 0);
  octal(h.gid, 7, 0);
  put_size(h.size, size);
  octal(h.mtime, 11, 0);
  h.type = '0';
  std::memcpy(h.magic, "ustar", 6);
  std::memcpy(h.version, "00", 2);
  std::memset(h.checksum, ' ', sizeof h.checksum);  // as blanks it counts itself
  std::string block(reinterpret_cast<const char*>(&h), kBlock);
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  octal(h.checksum, 6, sum);
  h.checksum[6] = '\0';
  block.assign(reinterpret_cast<const char*>(&h), kBlock);
  return block;
}

Result<Upload> layout_upload(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> files;
  for (const char* name : {"oci-layout", "index.json"}) {
    if (!fs::exists(directory + "/" + name, error)) {
      return fail(Code::kInvalidArgument, "load", "\"" + directory + "\"",
                  "no OCI layout: it has no " + std::string(name));
    }
    files.emplace_back(name);
  }
  for (const auto& blob : fs::directory_iterator(directory + "/blobs/sha256", error)) {
    files.push_back("blobs/sha256/" + blob.path().filename().string());
  }
  if (error) return fail_errno(error.value(), "read the directory", directory + "/blobs/sha256");
  std::sort(files.begin() + 2, files.end());
  if (const auto longest = std::find_if(files.begin(), files.end(),
                                        [](const std::string& f) { return f.size() > 100; });
      longest != files.end()) {
    return fail(Code::kInvalidArgument, "load", *longest, "its name is no digest");
  }
  auto packer = std::make_shared<Packer>(directory, std::move(files));
  return Upload{[packer] { return packer->next(); }, {}};
}

}  // namespace podctl::cli
