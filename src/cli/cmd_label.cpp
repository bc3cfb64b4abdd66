// label and annotate: read the object, change one map of its metadata by a merge patch.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cli/manifest_files.hpp"
#include "cli/metadata_change.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/session.hpp"

namespace podctl::cli {
namespace {

// One object that was chosen, as it is now.
struct Chosen {
  ObjectRef ref;
  boost::json::value object;
};

class Labeler {
 public:
  Labeler(Invocation& in, const MetadataField& field) : in_(in), field_(field) {}

  int run() {
    auto parted = part_operands(field_, in_.args.operands);
    if (!parted) return in_.usage(parted.error().message());
    auto change = parse_change(field_, parted->pairs);
    if (!change) return in_.usage(change.error().message());
    change_ = std::move(*change);
    auto refs = named(*parted);
    if (!refs) {
      return refs.error().code == Code::kInvalidArgument && !in_.args.has("filename")
                 ? in_.usage(refs.error().message())
                 : in_.failed(refs.error());
    }
    for (ObjectRef& ref : *refs) {
      if (auto found = fetch(ref); !found) status_ = in_.failed(found.error());
    }
    if (chosen_.empty() && status_ == kDone) {
      in_.err("No resources found\n");
      return kDone;
    }
    for (Chosen& c : chosen_) {
      if (in_.args.flag("list")) {
        list(c);
      } else if (auto done = apply(c); !done) {
        status_ = in_.failed(done.error());
      }
    }
    return print_objects();
  }

 private:
  // The objects that the command line names, by operands or files; a type alone stands for a list.
  Result<std::vector<ObjectRef>> named(const LabelOperands& parted) {
    auto refs = TRY(parse_refs(parted.objects));
    TRY(check_operands(parted.objects, refs, chosen_by(in_)));
    if (parted.pairs.empty() && !in_.args.flag("list")) {
      return fail(Code::kInvalidArgument,
                  "at least one " + std::string(field_.one) + " update is required", {});
    }
    if (in_.args.has("filename")) return manifest_names(in_);
    for (const ObjectRef& ref : refs) {
      if (!ref.name.empty() || chosen_by(in_).selector || in_.args.flag("list")) continue;
      return fail(Code::kInvalidArgument, "resource(s) were provided, but no name was specified",
                  {});
    }
    if (refs.empty()) {
      return fail(Code::kInvalidArgument,
                  "one or more resources must be specified as <resource> <name> or "
                  "<resource>/<name>",
                  {});
    }
    return refs;
  }

  Result<void> fetch(const ObjectRef& ref) {
    if (!ref.name.empty()) {
      const std::string ns = ref.ns.empty() ? in_.ns() : ref.ns;
      chosen_.push_back(
          {{ref.resource, ref.name, ns}, TRY(in_.fetch(ref.resource->path(ns, ref.name)))});
      return {};
    }
    Target target(ref.resource->path(in_.all_namespaces() ? std::string() : in_.ns()));
    target.add_if("labelSelector", in_.args.get("selector"))
        .add_if("fieldSelector", in_.args.get("field-selector"));
    const auto answer = TRY(in_.fetch(target.str()));
    for (const auto& item : View(answer)["items"].items()) {
      const View meta = View(item)["metadata"];
      boost::json::object object = item.as_object();
      object["apiVersion"] = "v1";
      object["kind"] = ref.resource->kind;
      chosen_.push_back(
          {{ref.resource, std::string(meta["name"].str()), std::string(meta["namespace"].str())},
           std::move(object)});
    }
    return {};
  }

  static std::string name_of(const Chosen& c) {
    return std::string(c.ref.resource->singular) + "/" + c.ref.name;
  }

  void list(const Chosen& c) {
    const bool one = chosen_.size() == 1;
    std::string text;
    if (!one) {
      in_.out("Listing " + std::string(field_.name) + " for " + std::string(c.ref.resource->kind) +
              "./" + c.ref.name + ":\n");
    }
    for (const auto& [key, value] : View(c.object)["metadata"][field_.name].fields()) {
      text += (one ? "" : " ") + std::string(key) + "=" + cell_text(View(value).str()) + "\n";
    }
    in_.out(text);
  }

  Result<void> apply(Chosen& c) {
    if (!in_.args.flag("overwrite")) TRY(overwrites_nothing(field_, change_, View(c.object)));
    if (field_.tells_what_changed) {
      for (const std::string& key : change_.removed) {
        if (!View(c.object)["metadata"][field_.name][key])
          in_.err(std::string(field_.one) + " \"" + key + "\" not found.\n");
      }
    }
    boost::json::value patch = patch_of(field_, change_, View(c.object));
    const bool anything = !patch.is_null();
    const std::string_view dry = in_.args.get("dry-run", "none");
    if (dry == "client") {
      c.object = changed(field_, change_, std::move(c.object));
    } else if (anything) {
      c.object = TRY(send(c, std::move(patch), dry == "server"));
    }
    if (in_.args.has("output")) return {};
    in_.out(name_of(c) + " " + change_word(field_, change_, anything) +
            (dry == "client"   ? " (dry run)"
             : dry == "server" ? " (server dry run)"
                               : "") +
            "\n");
    return {};
  }

  Result<boost::json::value> send(const Chosen& c, boost::json::value patch, bool trial) {
    if (const auto version = in_.args.get("resource-version"); !version.empty())
      patch.as_object()["metadata"].as_object()["resourceVersion"] = version;
    Target target(c.ref.resource->path(c.ref.ns, c.ref.name));
    if (trial) target.add("dryRun", "All");
    Request request;
    request.method = "PATCH";
    request.target = target.str();
    request.content_type = "application/merge-patch+json";
    request.body = boost::json::serialize(patch);
    const Reply reply = TRY(in_.call(request));
    if (!reply.ok()) return fail(Code::kFailedPrecondition, refusal_text(reply), {});
    in_.warn(reply);
    return parse_json_value(reply.body);
  }

  int print_objects() {
    if (!in_.args.has("output") || in_.args.flag("list") || status_ != kDone) return status_;
    std::vector<boost::json::value> objects;
    for (Chosen& c : chosen_) objects.push_back(std::move(c.object));
    const auto format = parse_format(in_.args.get("output"));
    if (!format) return in_.usage(format.error().message());
    auto text =
        format_object(*format, objects.size() == 1 ? objects[0] : list_of(std::move(objects)));
    if (!text) return in_.failed(text.error());
    in_.out(*text);
    return status_;
  }

  Invocation& in_;
  const MetadataField& field_;
  MetadataChange change_;
  std::vector<Chosen> chosen_;
  int status_ = kDone;
};

}  // namespace

int run_label(Invocation& in) { return Labeler(in, kLabels).run(); }
int run_annotate(Invocation& in) { return Labeler(in, kAnnotations).run(); }

}  // namespace podctl::cli
