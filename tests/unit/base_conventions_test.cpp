// Calls that only one file may make, or none: the source is searched for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace podctl {
namespace {

namespace fs = std::filesystem;

struct Line {
  std::string file, text;  // relative to src or include/podctl: "init/main.cpp"
};

// Without what follows "//": comments may name what code must not.
std::vector<Line> all_lines() {
  std::vector<Line> out;
  for (const char* top : {"/src", "/include/podctl"}) {
    const std::string base = std::string(PODCTL_SOURCE_DIR) + top;
    for (const auto& entry : fs::recursive_directory_iterator(base)) {
      const auto kind = entry.path().extension();
      if (kind != ".cpp" && kind != ".hpp") continue;
      std::ifstream in(entry.path());
      const std::string name = fs::relative(entry.path(), base);
      for (std::string text; std::getline(in, text);) {
        out.push_back({name, text.substr(0, text.find("//"))});
      }
    }
  }
  return out;
}

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// What stands before a name tells a call from a declaration ("void accept(") or a member's.
bool before_a_call(std::string before) {
  if (!before.empty() && (in_name(before.back()) || before.back() == '.' || before.back() == '"')) {
    return false;
  }
  while (before.ends_with(' ')) before.pop_back();
  if (before.ends_with("return")) return true;
  return before.empty() ||
         (!in_name(before.back()) && std::string(">&*").find(before.back()) == std::string::npos);
}

// A call of the C function `name`, with "::" before it or, unless `qualified`, without.
bool calls(const std::string& text, const std::string& name, bool qualified) {
  const std::string wanted = (qualified ? "::" : "") + name + "(";
  for (std::size_t at = 0; (at = text.find(wanted, at)) != std::string::npos; ++at) {
    if (qualified ? at == 0 || !in_name(text[at - 1]) : before_a_call(text.substr(0, at))) {
      return true;
    }
  }
  return false;
}

struct Rule {
  std::vector<const char*> names;
  std::vector<std::string> places;  // files that may
  std::string only_in;              // a directory that alone is meant; empty: all of them
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {{"system", "popen", "fork", "vfork", "posix_spawnp", "execvp", "execlp", "execl"}, {}, ""},
      {{"dup", "dup3", "pipe", "accept", "creat"}, {}, ""},  // born without CLOEXEC
      {{"exit", "quick_exit"}, {}, "init/"},
      {{"mount", "umount", "umount2", "fsopen", "fsmount", "open_tree", "move_mount",
        "mount_setattr"},
       {"sys/mount.cpp"},
       ""},
      {{"setns"}, {"sys/namespaces.cpp", "net/netns.hpp"}, ""},
      // Tries the kernel's features in a namespace of a thread that ends with it.
      {{"unshare"}, {"sys/namespaces.cpp", "nat/nat.cpp"}, ""},
      {{"strtol", "strtoul", "strtoll", "strtoull", "strtod", "atoi", "atol", "stoi", "stol",
        "stoul", "stoull", "stod"},
       {},
       ""},
  };
  return all;
}

bool concerns(const Rule& rule, const std::string& file) {
  if (!file.starts_with(rule.only_in)) return false;
  return std::find(rule.places.begin(), rule.places.end(), file) == rule.places.end();
}

TEST(Conventions, ACallIsToldFromADeclaration) {
  for (const char* text : {"fork();", "  if (fork() == 0) {", "return fork();", "x = ::fork();"}) {
    EXPECT_TRUE(calls(text, "fork", false)) << text;
  }
  for (const char* text :
       {"void fork(int);", "a.fork();", "a->fork();", "refork();", "\"fork()\""}) {
    EXPECT_FALSE(calls(text, "fork", false)) << text;
  }
}

TEST(Conventions, BannedCallsAreMadeNowhereElse) {
  const auto lines = all_lines();
  ASSERT_GT(lines.size(), 10'000U);
  for (const Rule& rule : rules()) {
    for (const Line& line : lines) {
      if (line.text.find('(') == std::string::npos || !concerns(rule, line.file)) continue;
      for (const char* name : rule.names) {
        const bool found = calls(line.text, name, true) || calls(line.text, name, false) ||
                           line.text.find("std::" + std::string(name) + "(") != std::string::npos;
        EXPECT_FALSE(found) << line.file << ": " << line.text << "\n  calls " << name;
      }
    }
  }
}

TEST(Conventions, PathsOfImagesAreNotForTheStandardLibrary) {
  for (const Line& line : all_lines()) {
    if (!line.file.starts_with("init/") && !line.file.starts_with("image/")) continue;
    EXPECT_EQ(line.text.find("std::filesystem"), std::string::npos)
        << line.file << ": " << line.text;
  }
}

// Hostile trees are entered through sys/root_dir alone; execute.cpp looks from inside, as the user.
TEST(Conventions, InitOpensByRootDir) {
  for (const Line& line : all_lines()) {
    if (!line.file.starts_with("init/") || line.file == "init/execute.cpp") continue;
    for (const char* name : {"open", "mkdir", "mkdirat", "symlink", "rename", "stat", "readlink"}) {
      EXPECT_FALSE(calls(line.text, name, true)) << line.file << ": " << line.text;
    }
  }
}

TEST(Conventions, DescriptorsAreBornCloexec) {
  for (const Line& line : all_lines()) {
    for (const char* name : {"pipe2", "socket", "memfd_create", "epoll_create1", "eventfd",
                             "signalfd", "inotify_init1", "accept4"}) {
      if (!calls(line.text, name, true) || !line.text.ends_with(";")) continue;
      EXPECT_NE(line.text.find("CLOEXEC"), std::string::npos) << line.file << ": " << line.text;
    }
  }
}

}  // namespace
}  // namespace podctl
