// get: fetch by name or list, then print; -w goes on with changes.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <utility>

#include "cli/manifest_files.hpp"
#include "cli/pod_actions.hpp"
#include "podctl/base/text.hpp"
#include "podctl/cli/commands.hpp"
#include "podctl/cli/output.hpp"
#include "podctl/cli/session.hpp"
#include "podctl/cli/watch.hpp"

namespace podctl::cli {
namespace {

using Objects = std::vector<boost::json::value>;

struct Wanted {
  std::vector<ObjectRef> refs;
  Format format;
  TableOptions table;
  bool single = false;  // one object by name: json and yaml print it bare
};

bool is_table(const Format& format) {
  return format.kind == Format::Kind::kTable || format.kind == Format::Kind::kWide;
}

// Objects, or the rows of a table about them.
struct Found {
  const Resource* resource;
  Objects objects;
  std::optional<boost::json::value> table = {};  // the last answer, its rows taken out
};

Result<Wanted> wanted(Invocation& in) {
  Wanted w;
  w.refs = TRY(parse_refs(in.args.operands));
  TRY(check_operands(in.args.operands, w.refs, chosen_by(in)));
  w.format = TRY(parse_format(in.args.get("output")));
  w.format.headings = !in.args.flag("no-headers");
  w.table.with_namespace = in.all_namespaces();
  if (!in.args.operands.empty()) {
    const auto types = text::split(in.args.operands[0], ',');
    w.table.with_kind = std::find(types.begin(), types.end(), "all") != types.end();
  }
  w.table.wide = w.format.kind == Format::Kind::kWide;
  w.table.show_labels = in.args.flag("show-labels");
  for (std::string_view keys : in.args.all("label-columns")) {
    for (std::string_view key : text::split(keys, ',')) w.table.label_columns.emplace_back(key);
  }
  w.single = w.refs.size() == 1 && !w.refs[0].name.empty();
  return w;
}

std::string scope(Invocation& in) { return in.all_namespaces() ? std::string() : in.ns(); }

// An item of a list has no kind of its own in Kubernetes' lists; every format but the table wants
// it.
void name_kind(const Resource& resource, boost::json::value& object) {
  if (!object.is_object() || object.get_object().contains("kind")) return;
  object.get_object().emplace("apiVersion", "v1");
  object.get_object().emplace("kind", resource.kind);
}

// What is printed as a table is asked for as one: the server knows the columns, and a list of its
// rows is a tenth of a list of objects.
Result<boost::json::value> fetch(Invocation& in, const Wanted& w, Target target) {
  if (!is_table(w.format)) return in.fetch(target.str());
  const bool sorted = !in.args.get("sort-by").empty();
  target.add("includeObject", sorted ? "Object" : include_object(w.table));
  return in.fetch(target.str(), kAcceptTable);
}

void take_members(boost::json::value& answer, std::string_view name, Objects& objects) {
  auto* members = answer.as_object().if_contains(name);
  if (members == nullptr || !members->is_array()) return;
  for (auto& member : members->get_array()) objects.push_back(std::move(member));
}

Result<void> list(Invocation& in, const Wanted& w, Found& found) {
  Target target(found.resource->path(scope(in)));
  target.add_if("labelSelector", in.args.get("selector"))
      .add_if("fieldSelector", in.args.get("field-selector"));
  auto answer = TRY(fetch(in, w, std::move(target)));
  const bool table = is_table(w.format);
  take_members(answer, table ? "rows" : "items", found.objects);
  if (table) {
    found.table.emplace(std::move(answer));
  } else {
    for (auto& object : found.objects) name_kind(*found.resource, object);
  }
  return {};
}

void take_single(const Wanted& w, boost::json::value answer, Found& found) {
  if (is_table(w.format)) {
    take_members(answer, "rows", found.objects);
    found.table.emplace(std::move(answer));
    return;
  }
  name_kind(*found.resource, answer);
  found.objects.push_back(std::move(answer));
}

// Objects of all refs, grouped by type; what is missing is told and makes `status` 1.
Result<std::vector<Found>> collect(Invocation& in, const Wanted& w, int& status) {
  std::vector<Found> found;
  for (const ObjectRef& ref : w.refs) {
    if (found.empty() || found.back().resource != ref.resource) found.push_back({ref.resource, {}});
    if (ref.name.empty()) {
      TRY(list(in, w, found.back()));
      continue;
    }
    auto object =
        fetch(in, w, Target(ref.resource->path(ref.ns.empty() ? in.ns() : ref.ns, ref.name)));
    if (!object) {
      if (object.error().code == Code::kNotFound && in.args.flag("ignore-not-found")) continue;
      status = in.failed(object.error());
      if (object.error().code != Code::kNotFound) return found;
      continue;
    }
    take_single(w, std::move(*object), found.back());
  }
  return found;
}

void print_tables(Invocation& in, const Wanted& w, const std::vector<Found>& found) {
  std::string text;
  for (const Found& f : found) {
    if (f.objects.empty()) continue;
    TableOptions options = w.table;
    options.with_kind = options.with_kind || found.size() > 1;
    const TableView view(*f.resource, options, *f.table);
    Table table{view.headings(), {}};
    for (const auto& row : f.objects) table.rows.push_back(view.row(row));
    if (!text.empty()) text += "\n";
    text += table.str(!in.args.flag("no-headers"));
  }
  in.out(text);
}

Result<void> print(Invocation& in, const Wanted& w, std::vector<Found> found) {
  Objects all;
  for (Found& f : found) {
    const auto member = is_table(w.format) ? std::string_view("object") : std::string_view();
    if (auto path = in.args.get("sort-by"); !path.empty())
      TRY(sort_objects(path, f.objects, member));
  }
  if (is_table(w.format)) {
    print_tables(in, w, found);
    return {};
  }
  for (Found& f : found) {
    for (auto& object : f.objects) all.push_back(std::move(object));
  }
  if (w.single && all.empty()) return {};
  in.out(TRY(format_object(w.format, w.single ? all[0] : list_of(std::move(all)))));
  return {};
}

bool nothing(const std::vector<Found>& found) {
  for (const Found& f : found) {
    if (!f.objects.empty()) return false;
  }
  return true;
}

// Prints a watch: the first list as one table, then each change as a line that keeps its columns.
class WatchPrinter {
 public:
  WatchPrinter(Invocation& in, const Wanted& w)
      : in_(in), w_(w), resource_(*w.refs[0].resource), table_(is_table(w.format)) {
    if (w.format.kind != Format::Kind::kColumns) return;
    columns_ = CustomColumns::parse(w.format.argument).value();  // parse_format has accepted it
    head(columns_->headings());
  }

  // Before its rows: the first one gives the headings.
  void table(View table) {
    if (!view_) head(TableView(resource_, w_.table, table).headings());
    view_.emplace(resource_, w_.table, table);
  }

  void change(Change change, const boost::json::value& object) {
    View meta = (table_ ? View(object)["object"] : View(object))["metadata"];
    const std::string uid(meta["uid"].str());
    const std::string version = meta["resourceVersion"].scalar();
    // A second list, after podctld was away, repeats nothing.
    const bool known = seen_[uid] == version;
    seen_[uid] = version;
    if (change == Change::kListed && (known || (first_ && in_.args.flag("watch-only")))) return;
    add(object);
    if (change != Change::kListed) flush();
  }

  void listed() {
    first_ = false;
    if (lines_.waiting() > (headed_ ? 1U : 0U)) flush();
  }

 private:
  void head(std::vector<std::string> headings) {
    if (!w_.format.headings) return;
    lines_.add(std::move(headings));
    headed_ = true;
  }

  void add(boost::json::value object) {
    if (table_) return lines_.add(view_->row(object));
    name_kind(resource_, object);
    if (columns_) {
      if (auto cells = columns_->row(object)) lines_.add(std::move(*cells));
      return;
    }
    auto text = format_object(w_.format, object);
    if (!text) return;
    // Of YAML each object is a document of its own; whoever reads along sees it whole.
    const bool parted = w_.format.kind == Format::Kind::kYaml && std::exchange(printed_, true);
    in_.out((parted ? "---\n" : "") + *text + (text->ends_with('\n') ? "" : "\n"));
  }

  void flush() {
    headed_ = false;
    in_.out(lines_.take());
  }

  Invocation& in_;
  const Wanted& w_;
  const Resource& resource_;
  bool table_, first_ = true;
  bool headed_ = false;   // the headings wait among the rows
  bool printed_ = false;  // an object, in a format that is no table
  std::optional<TableView> view_;
  std::optional<CustomColumns> columns_;
  std::map<std::string, std::string> seen_;  // uid to the resourceVersion shown last
  StreamTable lines_;
};

// The server's own word on an object that no list had.
Result<void> seen(Invocation& in, const ObjectRef& ref) {
  TRY(in.fetch(ref.resource->path(ref.ns.empty() ? in.ns() : ref.ns, ref.name)));
  return {};
}

int watch_changes(Invocation& in, const Wanted& w) {
  const ObjectRef& ref = w.refs[0];
  WatchPlan plan;
  plan.path = ref.resource->path(scope(in));
  plan.label_selector = in.args.get("selector");
  plan.field_selector = in.args.get("field-selector");
  if (!ref.name.empty()) plan.field_selector = "metadata.name=" + ref.name;
  Result<void> there;  // whether the object asked for by name is
  bool first = true;
  WatchPrinter printer(in, w);
  if (is_table(w.format)) plan.on_table = [&printer](View table) { printer.table(table); };
  auto result = watch(
      in, plan,
      [&](Change change, const boost::json::value& object) {
        printer.change(change, object);
        return true;
      },
      [&](std::size_t found) {
        if (std::exchange(first, false) && found == 0 && !ref.name.empty()) {
          there = seen(in, ref);
          if (!there) return false;
        }
        printer.listed();
        return true;
      });
  if (!there && there.error().code == Code::kNotFound && in.args.flag("ignore-not-found"))
    return kDone;
  if (result && !there) result = std::move(there);
  return result ? kDone : in.failed(result.error());
}

std::string type_names() {
  std::string names;
  for (const Resource& r : resources())
    names += (names.empty() ? "" : ", ") + std::string(r.plural);
  return names;
}

}  // namespace

int run_get(Invocation& in) {
  auto w = wanted(in);
  if (!w) return in.usage(w.error().message());
  if (!in.args.all("filename").empty()) {
    auto names = manifest_names(in);
    if (!names) return in.failed(names.error());
    for (ObjectRef& name : *names) w->refs.push_back(name);
    w->single = w->refs.size() == 1;
  }
  if (w->refs.empty()) return in.usage("say which type: " + type_names());
  if (in.args.flag("watch") || in.args.flag("watch-only")) {
    if (w->refs.size() > 1) return in.usage("only one type or name can be watched at once");
    return watch_changes(in, *w);
  }
  int status = kDone;
  auto found = collect(in, *w, status);
  if (!found) return in.failed(found.error());
  const bool by_name = !w->refs[0].name.empty();
  if (nothing(*found) && is_table(w->format)) {
    if (!by_name && !in.args.flag("ignore-not-found")) {
      const bool spaced = w->refs[0].resource->namespaced && !in.all_namespaces();
      in.err("No resources found" + (spaced ? " in " + in.ns() + " namespace." : std::string()) +
             "\n");
    }
    return status;
  }
  if (auto done = print(in, *w, std::move(*found)); !done) return in.failed(done.error());
  return status;
}

}  // namespace podctl::cli
