#include "podctl/node/log_reader.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>

#include "node/log_files.hpp"

namespace podctl::node {
namespace {

constexpr std::size_t kBlock = 64U << 10;

struct Parts {
  std::string_view time, text;
  bool partial = false;
};

std::optional<Parts> parse(std::string_view line) {
  const auto stream = line.find(' ');
  if (stream == std::string_view::npos) return std::nullopt;
  const auto tag = line.find(' ', stream + 1);
  if (tag == std::string_view::npos) return std::nullopt;
  const auto text = line.find(' ', tag + 1);
  if (text == std::string_view::npos) return std::nullopt;
  return Parts{line.substr(0, stream), line.substr(text + 1), line.substr(tag + 1, 1) == "P"};
}

// Without one when it is gone.
Result<UniqueFd> open_if_there(const std::string& path) {
  auto fd = open_log(path);
  if (!fd && fd.error().code == Code::kNotFound) return UniqueFd();
  return fd;
}

// Offsets where whole lines (ending in F) begin: the last `wanted` of them.
Result<std::deque<off_t>> line_starts(int fd, const std::string& path, std::uint64_t wanted) {
  std::deque<off_t> starts;
  std::string buffer;
  std::array<char, kBlock> block{};
  off_t base = 0;        // file offset of buffer[0]
  bool at_start = true;  // the next line begins a whole one
  for (;;) {
    const auto n =
        ::pread(fd, block.data(), block.size(), base + static_cast<off_t>(buffer.size()));
    if (n < 0) return fail_errno(errno, "read log", path);
    if (n == 0) return starts;
    buffer.append(block.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (auto end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n', begin)) {
      if (at_start) starts.push_back(base + static_cast<off_t>(begin));
      if (starts.size() > wanted) starts.pop_front();
      const auto parts = parse(std::string_view(buffer).substr(begin, end - begin));
      at_start = !parts || !parts->partial;
      begin = end + 1;
    }
    buffer.erase(0, begin);
    base += static_cast<off_t>(begin);
  }
}

}  // namespace

LogReader::LogReader(std::string path, LogOptions options)
    : path_(std::move(path)), options_(std::move(options)), left_(options_.limit_bytes) {}

Result<std::unique_ptr<LogReader>> LogReader::open(const std::string& path, LogOptions options) {
  std::unique_ptr<LogReader> reader(new LogReader(path, std::move(options)));
  reader->older_ = rotated_logs(path);
  TRY(reader->find_start());
  return reader;
}

// Without a tail everything is read, oldest first. With one, the newest files that hold enough
// lines.
Result<void> LogReader::find_start() {
  auto current = TRY(open_if_there(path_));
  if (!current && older_.empty()) return fail_errno(errno, "open log", path_);
  if (!options_.tail_lines) {
    std::reverse(older_.begin(), older_.end());
    TRY(open_next());
    return {};
  }
  std::uint64_t wanted = *options_.tail_lines;
  std::vector<std::string> later;
  current_ = true;
  std::string name = path_;
  for (;;) {
    std::deque<off_t> starts;
    if (current) starts = TRY(line_starts(current.get(), name, wanted));
    const bool enough = starts.size() >= wanted || older_.empty();
    if (enough) {
      const off_t from = wanted == 0      ? ::lseek(current.get(), 0, SEEK_END)
                         : starts.empty() ? 0
                                          : starts.front();
      if (current) ::lseek(current.get(), from, SEEK_SET);
      file_ = std::move(current);
      older_ = std::move(later);
      return {};
    }
    wanted -= starts.size();
    if (!current_) later.push_back(name);
    name = older_.back();
    older_.pop_back();
    current = TRY(open_if_there(name));
    current_ = false;
  }
}

// The next file in time; false when file_ is the newest already.
Result<bool> LogReader::open_next() {
  while (!older_.empty()) {
    file_ = TRY(open_if_there(older_.back()));
    older_.pop_back();
    if (file_) return true;  // one that was deleted meanwhile is passed over
  }
  struct stat now {};
  struct stat open {};
  if (::stat(path_.c_str(), &now) != 0) return false;
  if (current_ && file_ && ::fstat(file_.get(), &open) == 0 && open.st_ino == now.st_ino &&
      open.st_dev == now.st_dev) {
    return false;
  }
  auto next = TRY(open_if_there(path_));
  if (!next) return false;
  file_ = std::move(next);
  current_ = true;
  return true;
}

Result<std::string> LogReader::read(std::size_t budget) {
  std::string out;
  std::array<char, kBlock> block{};
  while (!exhausted()) {
    take_lines(out, budget);
    if (out.size() >= budget) break;
    const auto n = file_ ? ::read(file_.get(), block.data(), block.size()) : 0;
    if (n < 0) return fail_errno(errno, "read log", path_);
    if (n > 0) {
      rest_.erase(0, offset_);
      offset_ = 0;
      rest_.append(block.data(), static_cast<std::size_t>(n));
      continue;
    }
    // The writer renames before it opens the next file, so the end of this one is final then.
    if (!TRY(open_next())) break;
  }
  return out;
}

void LogReader::take_lines(std::string& out, std::size_t budget) {
  while (out.size() < budget && !exhausted()) {
    const auto end = rest_.find('\n', offset_);
    if (end == std::string::npos) return;
    show(std::string_view(rest_).substr(offset_, end - offset_), out);
    offset_ = end + 1;
  }
}

void LogReader::show(std::string_view line, std::string& out) {
  const auto parts = parse(line);
  if (!parts) return;  // not a log line: a torn write of a killed shim
  if (options_.since.has_value()) {
    const auto time = api::Time::parse(parts->time);
    if (!time || *time < options_.since) return;
  }
  std::string shown;
  if (options_.timestamps && !continued_) shown = std::string(parts->time) + " ";
  shown += parts->text;
  continued_ = parts->partial;
  if (!continued_) shown += '\n';
  if (left_) {
    if (shown.size() > *left_) shown.resize(*left_);
    *left_ -= shown.size();
  }
  out += shown;
}

std::string log_tail(const std::string& path, std::uint32_t max_lines, std::uint32_t max_bytes) {
  LogOptions options;
  options.tail_lines = max_lines;
  auto reader = LogReader::open(path, options);
  if (!reader) return {};
  std::string all;
  for (;;) {
    auto more = (*reader)->read(kBlock);
    if (!more || more->empty()) break;
    all += *more;
    if (all.size() > max_bytes) all.erase(0, all.size() - max_bytes);
  }
  return all;
}

}  // namespace podctl::node
