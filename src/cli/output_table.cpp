// The server's tables, as kubectl prints them (kubernetes/cli-runtime
// pkg/printers/tableprinter.go).
#include <algorithm>
#include <utility>

#include "podctl/api/decode.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/output.hpp"

namespace podctl::cli {
namespace {

using Cells = std::vector<std::string>;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

std::string labels_text(View labels) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : labels.fields())
    pairs.push_back(cell_text(std::string(key) + "=" + View(value).scalar()));
  std::sort(pairs.begin(), pairs.end());
  return pairs.empty() ? "<none>" : text::join(pairs, ",");
}

}  // namespace

api::Pod to_pod(const boost::json::value& object) {
  api::Pod pod;
  api::decode(api::to_tree(object), pod, api::Unknown::kIgnore);
  return pod;
}

std::string cell_text(std::string_view text) {
  text = text::trim(text);
  const std::size_t end = text.find_first_of("\n\r\f");
  std::string cell = utf8::printable(text.substr(0, end));
  std::replace(cell.begin(), cell.end(), '\t', ' ');
  return end == std::string_view::npos ? cell : cell + "...";
}

std::string_view include_object(const TableOptions& options) {
  const bool metadata =
      options.with_namespace || options.show_labels || !options.label_columns.empty();
  return metadata ? "Metadata" : "None";
}

TableView::TableView(const Resource& resource, TableOptions options, View table)
    : resource_(&resource), options_(std::move(options)) {
  options_.with_namespace = options_.with_namespace && resource.namespaced;
  std::size_t cell = 0;
  for (const auto& definition : table["columnDefinitions"].items()) {
    View column(definition);
    if (options_.wide || column["priority"].num() == 0) {
      columns_.push_back({cell, upper(column["name"].str()), column["format"].str() == "name"});
    }
    ++cell;
  }
}

Cells TableView::headings() const {
  Cells head;
  if (options_.with_namespace) head.emplace_back("NAMESPACE");
  for (const Column& column : columns_) head.push_back(column.heading);
  for (const std::string& key : options_.label_columns)
    head.push_back(upper(std::string_view(key).substr(key.rfind('/') + 1)));
  if (options_.show_labels) head.emplace_back("LABELS");
  return head;
}

Cells TableView::row(View row) const {
  const View meta = row["object"]["metadata"];
  const auto& given = row["cells"].items();
  Cells cells;
  if (options_.with_namespace) cells.push_back(cell_text(meta["namespace"].str()));
  for (const Column& column : columns_) {
    std::string text =
        column.cell < given.size() ? cell_text(View(given[column.cell]).scalar()) : "";
    const bool kind = column.names && options_.with_kind;
    cells.push_back(kind ? std::string(resource_->singular) + "/" + text : std::move(text));
  }
  for (const std::string& key : options_.label_columns)
    cells.push_back(cell_text(meta["labels"][key].scalar()));
  if (options_.show_labels) cells.push_back(labels_text(meta["labels"]));
  return cells;
}

void StreamTable::add(Cells cells) {
  widths_.resize(std::max(widths_.size(), cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t width = display_width(cells[i]) + kTableStops.padding;
    widths_[i] = std::max({widths_[i], width, kTableStops.min_width});
  }
  rows_.push_back(std::move(cells));
}

std::string StreamTable::take() {
  std::string text;
  for (const Cells& cells : std::exchange(rows_, {})) text += line(cells);
  return text;
}

std::string StreamTable::line(const Cells& cells) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += cells[i];
    if (i + 1 < cells.size()) text.append(widths_[i] - display_width(cells[i]), ' ');
  }
  return text + "\n";
}

}  // namespace podctl::cli
