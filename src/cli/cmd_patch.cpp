// patch: fields of an object, by a patch of one of Kubernetes' three kinds; the server applies it.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/manifest_files.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/api/decode.hpp"
#include "podctl/api/tree.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/resource.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

namespace json = boost::json;

Failure wrong(std::string text) { return fail(Code::kInvalidArgument, std::move(text), {}); }

Result<std::string> patch_text(Invocation& in) {
  const bool inline_text = in.args.has("patch"), file = in.args.has("patch-file");
  if (inline_text && file) return wrong("specify --patch or --patch-file, but not both");
  if (inline_text) return std::string(in.args.get("patch"));
  if (!file)
    return wrong("must specify --patch or --patch-file containing the contents of the patch");
  return TRY(read_manifests({in.args.get("patch-file")}, false)).front().text;
}

// The patch as JSON; it may be written as YAML.
Result<std::string> patch_body(Invocation& in) {
  const std::string text = TRY(patch_text(in));
  const api::Parsed parsed = api::parse_documents(text);
  if (!parsed.faults.empty() || parsed.documents.size() != 1) {
    return wrong("unable to parse \"" + text +
                 "\": " + (parsed.faults.empty() ? "it holds no patch" : parsed.faults[0].text));
  }
  return json::serialize(api::to_value(parsed.documents[0]));
}

Result<std::string_view> media_type(std::string_view type) {
  if (type == "strategic") return "application/strategic-merge-patch+json";
  if (type == "merge") return "application/merge-patch+json";
  if (type == "json") return "application/json-patch+json";
  return wrong("--type must be one of [json merge strategic], not \"" + std::string(type) + "\"");
}

class Patcher {
 public:
  explicit Patcher(Invocation& in) : in_(in) {}

  int run() {
    if (auto read = read_options(); !read) return in_.usage(read.error().message());
    auto refs = named();
    if (!refs) {
      return refs.error().code == Code::kInvalidArgument && !in_.args.has("filename")
                 ? in_.usage(refs.error().message())
                 : in_.failed(refs.error());
    }
    for (const ObjectRef& ref : *refs) {
      if (auto done = patch(ref); !done) status_ = in_.failed(done.error());
    }
    return print_objects();
  }

 private:
  Result<void> read_options() {
    type_ = TRY(media_type(in_.args.get("type", "strategic")));
    body_ = TRY(patch_body(in_));
    subresource_ = in_.args.get("subresource");
    if (!subresource_.empty() && subresource_ != "status")
      return wrong("invalid subresource value: \"" + subresource_ + "\". Must be one of [status]");
    return {};
  }

  Result<std::vector<ObjectRef>> named() {
    if (in_.args.has("filename")) return manifest_names(in_);
    auto refs = TRY(parse_refs(in_.args.operands));
    TRY(check_operands(in_.args.operands, refs, chosen_by(in_)));
    if (refs.empty())
      return wrong(
          "one or more resources must be specified as <resource> <name> or <resource>/<name>");
    for (const ObjectRef& ref : refs) {
      if (ref.name.empty()) return wrong("resource(s) were provided, but no name was specified");
    }
    return refs;
  }

  Result<void> patch(const ObjectRef& ref) {
    std::string path = ref.resource->path(ref.ns.empty() ? in_.ns() : ref.ns, ref.name);
    const json::value before = TRY(in_.fetch(path));
    if (!subresource_.empty()) path += "/" + subresource_;
    Target target(path);
    const std::string_view dry = in_.args.get("dry-run", "none");
    if (dry != "none") target.add("dryRun", "All");
    Request request;
    request.method = "PATCH";
    request.target = target.str();
    request.content_type = type_;
    request.body = body_;
    const Reply reply = TRY(in_.call(request));
    if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
    in_.warn(reply);
    json::value after = TRY(parse_json_value(reply.body));
    if (!in_.args.has("output")) {
      in_.out(std::string(ref.resource->singular) + "/" + ref.name + " patched" +
              (after == before ? " (no change)" : "") +
              (dry == "client"   ? " (dry run)"
               : dry == "server" ? " (server dry run)"
                                 : "") +
              "\n");
    }
    patched_.push_back(std::move(after));
    return {};
  }

  int print_objects() {
    if (!in_.args.has("output") || patched_.empty()) return status_;
    const auto format = parse_format(in_.args.get("output"));
    if (!format) return in_.usage(format.error().message());
    auto text =
        format_object(*format, patched_.size() == 1 ? patched_[0] : list_of(std::move(patched_)));
    if (!text) return in_.failed(text.error());
    in_.out(*text);
    return status_;
  }

  Invocation& in_;
  std::string type_, body_, subresource_;
  std::vector<json::value> patched_;
  int status_ = kDone;
};

}  // namespace

int run_patch(Invocation& in) { return Patcher(in).run(); }

}  // namespace podctl::cli
