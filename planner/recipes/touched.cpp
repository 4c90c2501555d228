#include "recipes/touched.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace zdm::planner {

namespace {

using Parts = std::vector<std::string>;

Parts parts_of(const TableName& name) {
  return name.schema.empty() ? Parts{name.name} : Parts{name.schema, name.name};
}

Parts parts_of(const TableName& table, const std::string& part) {
  auto parts = parts_of(table);
  parts.push_back(part);
  return parts;
}

// The keys most kinds share.
template <class Kind>
void add_names(const Kind& kind, Touched& touched) {
  if constexpr (requires { TableName{kind.table}; }) {
    touched.tables.push_back(kind.table);
    if constexpr (requires { std::string{kind.column}; }) {
      touched.columns.push_back({kind.table, kind.column});
    }
    if constexpr (requires { std::vector<std::string>{kind.columns}; }) {
      for (const auto& column : kind.columns) touched.columns.push_back({kind.table, column});
    }
  }
}

void replace(const TableName& table, const std::string& column, Touched& touched) {
  touched.replaced.push_back({table, column});
  touched.retired.push_back(parts_of(table, column));
}

template <class Kind>
void add_special(const Kind& /*kind*/, Touched& /*touched*/) {}

void add_special(const RenameColumn& kind, Touched& touched) {
  touched.columns.push_back({kind.table, kind.from});
  touched.columns.push_back({kind.table, kind.to});
  replace(kind.table, kind.from, touched);
}

void add_special(const ChangeColumn& kind, Touched& touched) {
  const bool beside = kind.name && *kind.name != kind.column;
  if (beside) touched.columns.push_back({kind.table, *kind.name});
  if (beside) return replace(kind.table, kind.column, touched);
  touched.replaced.push_back({kind.table, kind.column});
}

void add_special(const SplitColumn& kind, Touched& touched) {
  for (const auto& part : kind.parts) touched.columns.push_back({kind.table, part.name});
  replace(kind.table, kind.column, touched);
}

void add_special(const MergeColumns& kind, Touched& touched) {
  touched.columns.push_back({kind.table, kind.name});
  for (const auto& column : kind.columns) replace(kind.table, column, touched);
}

void add_special(const DropColumnChange& kind, Touched& touched) {
  replace(kind.table, kind.column, touched);
}

void add_special(const AddColumn& kind, Touched& touched) {
  touched.columns.push_back({kind.table, kind.name});
}

void add_special(const DropTableChange& kind, Touched& touched) {
  touched.moved.push_back(kind.table);
  touched.retired.push_back(parts_of(kind.table));
}

void add_special(const RenameTableChange& kind, Touched& touched) {
  touched.tables = {kind.from, kind.to};
  touched.moved = touched.tables;
  touched.retired.push_back(parts_of(kind.from));
}

void add_special(const DropConstraintChange& kind, Touched& touched) {
  touched.retired.push_back(parts_of(kind.table, kind.name));
}

void add_special(const DropIndexChange& kind, Touched& touched) {
  touched.retired.push_back(parts_of(kind.name));
}

void add_special(const DropDefault& kind, Touched& touched) {
  touched.retired.push_back(parts_of(kind.table, kind.column));
}

template <class Kind>
std::optional<MadeView> made_by(const Kind& /*kind*/) {
  return std::nullopt;
}

std::optional<MadeView> made_by(const CreateView& kind) {
  return MadeView{.name = kind.name, .query = kind.query};
}

std::optional<MadeView> made_by(const ReplaceView& kind) {
  return MadeView{.name = kind.name,
                  .query = kind.query,
                  .replaces = true,
                  .compatible = kind.compatible.has_value()};
}

std::optional<MadeView> made_by(const CreateMatview& kind) {
  return MadeView{.name = kind.view.name, .query = kind.view.query};
}

std::optional<MadeView> made_by(const ReplaceMatview& kind) {
  return MadeView{.name = kind.view.name,
                  .query = kind.view.query,
                  .replaces = true,
                  .compatible = kind.compatible.has_value()};
}

constexpr std::array<std::string_view, 4> kDemanding = {"set_not_null", "add_check",
                                                        "add_foreign_key", "add_unique"};

}  // namespace

Touched touched_by(const Change& change) {
  Touched touched;
  std::visit(
      [&](const auto& kind) {
        add_names(kind, touched);
        add_special(kind, touched);
      },
      change.kind);
  return touched;
}

std::optional<MadeView> view_made_by(const Change& change) {
  return std::visit([](const auto& kind) { return made_by(kind); }, change.kind);
}

bool app_writes_both(const Change& change) {
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.common.dual_write_app; }) {
          return kind.common.dual_write_app;
        } else {
          return false;
        }
      },
      change.kind);
}

bool demands_of_writers(const Change& change) {
  if (std::ranges::find(kDemanding, info(change).kind) == kDemanding.end()) return false;
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.common.up.has_value(); }) {
          return !kind.common.up.has_value();
        } else {
          return true;
        }
      },
      change.kind);
}

bool changes_type_in_place(const Change& change) {
  const auto* kind = std::get_if<ChangeColumn>(&change.kind);
  if (kind == nullptr || kind->compatible || !kind->type) return false;
  return !kind->name || *kind->name == kind->column;
}

}  // namespace zdm::planner
