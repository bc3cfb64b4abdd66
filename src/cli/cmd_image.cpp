// image import, load, ls, rm, inspect: the local store, through podctld.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cerrno>

#include "cli/layout_tar.hpp"
#include "podctl/api/encode.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/time_text.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

// The archive as a descriptor; "-" is stdin. `borrowed` keeps stdin open.
Result<UniqueFd> open_archive(const std::string& path) {
  if (path == "-") return UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return fail(Code::kNotFound, "the path \"" + path + "\" does not exist", {});
  if (!fd) return fail_errno(errno, "open", path);
  return fd;
}

bool is_directory(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

// Short id, as other tools show it: 12 digits without the algorithm.
std::string short_id(std::string_view id) {
  const std::size_t colon = id.find(':');
  return std::string(id.substr(colon == std::string_view::npos ? 0 : colon + 1, 12));
}

Result<boost::json::value> upload(Invocation& in, const std::string& target, Upload body) {
  Request request;
  request.method = "POST";
  request.target = target;
  request.upload = std::move(body);
  const Reply reply = TRY(in.call(request));
  if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
  in.warn(reply);
  return parse_json_value(reply.body);
}

Result<boost::json::value> load_one(Invocation& in, const std::string& path) {
  const UniqueFd fd = TRY(open_archive(path));
  Upload body = is_directory(fd.get()) ? TRY(layout_upload(path)) : file_upload(fd.get());
  const std::string target =
      Target(podctl_path("/images")).add("action", "load").add("source", path).str();
  return upload(in, target, std::move(body));
}

void add_row(Table& table, View image, const std::string& name, std::int64_t now) {
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  const std::string created = image["created"] ? age(image["created"].str(), now) : "<unknown>";
  table.rows.push_back({tagged ? name.substr(0, colon) : name,
                        tagged ? name.substr(colon + 1) : "<none>", short_id(image["id"].str()),
                        created, human_bytes(static_cast<std::uint64_t>(image["size"].num()))});
}

std::string image_table(View items, bool headings) {
  Table table{{"IMAGE", "TAG", "ID", "CREATED", "SIZE"}, {}};
  const std::int64_t now = now_ns();
  for (const auto& item : items.items()) {
    View image(item);
    if (image["names"].items().empty()) add_row(table, image, "<none>", now);
    for (const auto& name : image["names"].items())
      add_row(table, image, std::string(View(name).str()), now);
  }
  return table.str(headings);
}

}  // namespace

int run_image_import(Invocation& in) {
  auto fd = open_archive(in.args.operands[0]);
  if (!fd) return in.failed(fd.error());
  if (is_directory(fd->get()))
    return in.failed("\"" + in.args.operands[0] + "\" is a directory; pack it with tar first");
  Target target(podctl_path("/images"));
  target.add("action", "import").add("name", in.args.operands[1]);
  target.add("source", in.args.operands[0]);
  for (std::string_view option : {"cmd", "entrypoint", "env", "workdir", "user", "expose"}) {
    for (std::string_view value : in.args.all(option)) target.add(option, value);
  }
  auto record = upload(in, target.str(), file_upload(fd->get()));
  if (!record) return in.failed(record.error());
  in.out("imported " + in.args.operands[1] + "\n");
  return kDone;
}

int run_image_load(Invocation& in) {
  int status = kDone;
  for (const std::string& path : in.args.operands) {
    auto loaded = load_one(in, path);
    if (!loaded) {
      status = in.failed(loaded.error());
      continue;
    }
    for (const auto& name : View(*loaded)["loaded"].items())
      in.out("loaded " + std::string(View(name).str()) + "\n");
  }
  return status;
}

int run_image_ls(Invocation& in) {
  auto list = in.fetch(podctl_path("/images"));
  if (!list) return in.failed(list.error());
  View items = View(*list)["items"];
  const std::string_view format = in.args.get("output");
  if (format == "json") {
    in.out(api::to_pretty_json(*list));
  } else if (format == "yaml") {
    in.out(api::to_yaml(*list));
  } else if (format == "name") {
    for (const auto& item : items.items()) {
      for (const auto& name : View(item)["names"].items())
        in.out(std::string(View(name).str()) + "\n");
    }
  } else {
    in.out(image_table(items, !in.args.flag("no-headers")));
  }
  return kDone;
}

int run_image_rm(Invocation& in) {
  int status = kDone;
  for (const std::string& name : in.args.operands) {
    Request request;
    request.method = "DELETE";
    request.target = Target(podctl_path("/images")).add("name", name).str();
    auto reply = in.call(request);
    if (!reply) return in.failed(reply.error());
    if (!reply->ok()) {
      status = in.refused(*reply);
      continue;
    }
    in.out("image \"" + name + "\" removed\n");
  }
  return status;
}

int run_image_inspect(Invocation& in) {
  auto record =
      in.fetch(Target(podctl_path("/images/inspect")).add("name", in.args.operands[0]).str());
  if (!record) return in.failed(record.error());
  in.out(in.args.get("output") == "yaml" ? api::to_yaml(*record) : api::to_pretty_json(*record));
  return kDone;
}

}  // namespace podctl::cli
