// edit: an object as YAML in the user's editor; what was changed there is merged into what the
// object is by then.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "cli/applied.hpp"
#include "cli/apply_parts.hpp"
#include "cli/manifest_files.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/api/three_way.hpp"
#include "podctl/api/tree.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

constexpr std::string_view kHead =
    "# Please edit the object below. Lines beginning with a '#' will be ignored,\n"
    "# and an empty file will abort the edit. If an error occurs while saving this file will be\n"
    "# reopened with the relevant failures.\n"
    "#\n";

// The file that is edited; it is removed unless it is to be kept.
class Draft {
 public:
  static Result<Draft> make() {
    const char* directory = std::getenv("TMPDIR");
    std::string path = directory != nullptr && *directory != '\0' ? directory : "/tmp";
    path += "/podctl-edit-XXXXXX.yaml";
    const UniqueFd fd(::mkostemps(path.data(), 5, O_CLOEXEC));
    if (!fd) return fail_errno(errno, "make file", path);
    return Draft(std::move(path));
  }
  explicit Draft(std::string path) : path_(std::move(path)) {}
  Draft(Draft&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Draft& operator=(Draft&&) = delete;
  ~Draft() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }
  std::string keep() { return std::exchange(path_, {}); }

  Result<void> write(std::string_view text) const {
    const UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    while (fd && !text.empty()) {
      const ssize_t n = ::write(fd.get(), text.data(), text.size());
      if (n < 0 && errno != EINTR) return fail_errno(errno, "write", path_);
      if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (!fd) return fail_errno(errno, "open", path_);
    return {};
  }

  // What was left in it, without comments.
  Result<std::string> read() const {
    const auto text = TRY(read_plain_file(path_));
    std::string out;
    for (std::string_view line : text::split(text, '\n')) {
      if (!line.starts_with('#')) (out += line) += '\n';
    }
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
  }

 private:
  std::string path_;
};

// While an editor has the terminal, its keys are the editor's: Ctrl-C ends that, and podctl sees to
// what is left.
class EditorsKeys {
 public:
  EditorsKeys() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &interrupt_);
    ::sigaction(SIGQUIT, &ignore, &quit_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t both;
    ::sigemptyset(&both);
    ::sigaddset(&both, SIGINT);
    ::sigaddset(&both, SIGQUIT);
    ::posix_spawnattr_setsigdefault(&attributes_, &both);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  ~EditorsKeys() {
    ::posix_spawnattr_destroy(&attributes_);
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGQUIT, &quit_, nullptr);
  }
  EditorsKeys(const EditorsKeys&) = delete;
  EditorsKeys& operator=(const EditorsKeys&) = delete;
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  struct sigaction interrupt_ = {}, quit_ = {};
  posix_spawnattr_t attributes_;
};

// Of KUBE_EDITOR, EDITOR or vi, with the words that these hold.
Result<void> run_editor(const std::string& path) {
  std::string editor = "vi";
  for (const char* name : {"EDITOR", "KUBE_EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') editor = value;
  }
  const std::string line = editor + " \"$1\"";
  const char* words[] = {"sh", "-c", line.c_str(), "sh", path.c_str(), nullptr};
  pid_t pid = 0;
  const EditorsKeys keys;
  const int error = ::posix_spawn(&pid, "/bin/sh", nullptr, keys.attributes(),
                                  const_cast<char**>(words), environ);
  if (error != 0) return fail_errno(error, "start the editor", editor);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno(errno, "wait for the editor", editor);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Code::kIo, "there was a problem with the editor \"" + editor + "\"", {});
}

class Edit {
 public:
  Edit(Invocation& in, const Resource& resource, const std::string& ns, std::string name)
      : in_(in), resource_(resource), path_(resource.path(ns, name)), name_(std::move(name)) {}

  int run() {
    auto before = in_.fetch(path_);
    if (!before) return in_.failed(before.error());
    before_ = std::move(*before);
    auto draft = Draft::make();
    if (!draft) return in_.failed(draft.error());
    const std::string original = api::to_yaml(before_);
    std::string shown = original, fault;
    for (;;) {
      auto edited = ask(*draft, shown, fault);
      if (!edited) return in_.failed(edited.error());
      if (edited->find_first_not_of(" \t\n") == std::string::npos)
        return cancelled("Edit cancelled, saved file was empty.");
      if (*edited == original && fault.empty())
        return cancelled("Edit cancelled, no changes made.");
      if (*edited == shown && !fault.empty()) return give_up(*draft, fault);
      const auto done = apply(*edited);
      if (done) {
        in_.out(std::string(resource_.singular) + "/" + name_ + " edited\n");
        return kDone;
      }
      shown = std::move(*edited);
      fault = done.error().op;
    }
  }

 private:
  int cancelled(const char* why) {
    in_.err(std::string(why) + "\n");
    return kDone;
  }

  int give_up(Draft& draft, const std::string& fault) {
    in_.err(fault + "\nA copy of your changes has been stored to \"" + draft.keep() + "\"\n");
    return in_.failed("Edit cancelled, no valid changes were saved.");
  }

  Result<std::string> ask(const Draft& draft, const std::string& text, const std::string& fault) {
    std::string head(kHead);
    if (!fault.empty()) {
      head += "# " + std::string(resource_.plural) + " \"" + name_ + "\" was not valid:\n";
      for (std::string_view line : text::split(fault, '\n'))
        head += "# * " + std::string(line) + "\n";
      head += "#\n";
    }
    TRY(draft.write(head + text));
    TRY(run_editor(draft.path()));
    return draft.read();
  }

  Result<void> apply(const std::string& text, int tries = kMergeTries) {
    const api::Parsed parsed = api::parse_documents(text);
    if (!parsed.faults.empty() || parsed.documents.size() != 1 || !parsed.documents[0].is_map())
      return refused(parsed.faults.empty() ? "it must hold one object" : parsed.faults[0].text);
    TRY(check_fields(parsed.documents[0]));
    boost::json::value wanted = api::to_value(parsed.documents[0]);
    if (View(wanted)["kind"].str() != resource_.kind ||
        View(wanted)["metadata"]["name"].str() != name_)
      return refused("At least one of apiVersion, kind and name was changed");
    const auto live = TRY(in_.fetch(path_));
    // It is merged into what the object is now, whatever version the text says.
    auto& meta = wanted.as_object()["metadata"].as_object();
    meta["resourceVersion"] = View(live)["metadata"]["resourceVersion"].str();
    Request put;
    put.method = "PUT";
    put.target = path_;
    put.body = resource_.kept() ? boost::json::serialize(api::three_way(before_, wanted, live))
                                : api::to_json(merged_over(live, before_, std::move(wanted)));
    const Reply reply = TRY(in_.call(put));
    if (merge_again(reply, tries)) return apply(text, tries - 1);
    if (!reply.ok()) return refused(refusal_text(reply));
    in_.warn(reply);
    return {};
  }

  // Before anything is merged: what has a wrong type would take away what was there.
  Result<void> check_fields(const api::Tree& document) const {
    const auto object = resource_.kept() ? resource_.make() : std::make_shared<api::Pod>();
    api::Faults faults;
    api::decode(document, resource_.type(), object.get(), faults);
    if (faults.empty()) return {};
    std::string all;
    for (const api::Fault& fault : faults)
      all += (all.empty() ? "" : "\n") + fault.field + ": " + fault.text;
    return refused(all);
  }

  static Failure refused(std::string why) {
    return fail(Code::kInvalidArgument, std::move(why), {});
  }

  Invocation& in_;
  const Resource& resource_;
  const std::string path_, name_;
  boost::json::value before_;
};

}  // namespace

int run_edit(Invocation& in) {
  auto refs = parse_refs(in.args.operands);
  if (!refs) return in.usage(refs.error().message());
  if (refs->size() != 1 || refs->front().name.empty())
    return in.usage("say which object: TYPE NAME or TYPE/NAME");
  const Resource& resource = *refs->front().resource;
  if (&resource != &pods() && !resource.kept())
    return in.usage("what podctld itself tells cannot be edited: " + std::string(resource.plural));
  return Edit(in, resource, in.ns(), refs->front().name).run();
}

}  // namespace podctl::cli
