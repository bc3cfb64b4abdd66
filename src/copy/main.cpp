// podctl-cp: one end of `podctl cp`, inside the container. podctld has it executed there as any
// exec, so it has the container's root, user and limits and can do no more than its programs can;
// it comes from a sealed memfd (CVE-2019-5736), and asks nothing of the image.
//
//   podctl-cp get PATH                       writes PATH to stdout as a tar stream
//   podctl-cp put PATH NAME preserve|plain   makes PATH, or PATH/NAME where PATH is a directory,
//                                            of the stream on stdin
//
// What it has to say goes to stderr; the exit status is 0 when everything was copied.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "podctl/archive/tree.hpp"

namespace {

using namespace podctl;

constexpr std::size_t kBlock = 64U << 10;

void say(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

int failed(const Error& error) {
  say("error: " + error.message());
  return 1;
}

Result<void> write_out(std::string_view data) {
  while (!data.empty()) {
    const auto n = ::write(STDOUT_FILENO, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write", "the stream");
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

int get(const std::string& path) {
  auto complete =
      archive::pack(path, write_out, [](const std::string& w) { say("warning: " + w); });
  if (!complete) return failed(complete.error());
  return *complete ? 0 : 1;
}

struct Target {
  UniqueFd parent;
  std::string name;
};

// PATH/NAME where PATH is a directory, else PATH, whose own directory must be there.
Result<Target> find_target(std::string path, const std::string& name) {
  const bool directory = path.ends_with('/');
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  UniqueFd there(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (there) return Target{std::move(there), name};
  if (directory) return fail_errno(errno, "open directory", "\"" + path + "\"");
  const auto slash = path.rfind('/');
  std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  if (parent.empty()) parent = "/";
  const std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
  if (!archive::safe_path(last) || last == ".")
    return fail(Code::kInvalidArgument, "copy to", "\"" + path + "\"", "it names no file");
  UniqueFd fd(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "open directory", "\"" + parent + "\"");
  return Target{std::move(fd), last};
}

Result<void> unpack(archive::Unpacker& unpacker) {
  archive::TarReader reader;
  std::array<char, kBlock> block{};
  while (!reader.ended()) {
    const auto n = ::read(STDIN_FILENO, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read", "the stream");
    if (n == 0)
      return fail(Code::kUnavailable, "read", "the stream", "it ended before the files did");
    reader.feed(std::string_view(block.data(), static_cast<std::size_t>(n)));
    while (auto piece = TRY(reader.next())) TRY(unpacker.take(*piece));
  }
  return {};
}

int put(const std::string& path, const std::string& name, bool preserve) {
  auto target = find_target(path, name);
  if (!target) return failed(target.error());
  // As tar does it: only root may give files away.
  const archive::UnpackPolicy policy{
      .symlinks = true, .owner = preserve && ::geteuid() == 0, .mode = preserve};
  archive::Unpacker unpacker(std::move(target->parent), target->name, policy,
                             [](const std::string& w) { say("warning: " + w); });
  if (auto done = unpack(unpacker); !done) return failed(done.error());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "get" && argc == 3) return get(argv[2]);
  if (verb == "put" && argc == 5) return put(argv[2], argv[3], std::string(argv[4]) == "preserve");
  say("podctl-cp is started by podctld, for podctl cp");
  return 2;
}
