#include "recipes/column_replacement_postgres.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::replacement {

namespace {

namespace sql = statements;

constexpr std::string_view kGrantable = " WITH GRANT OPTION";

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

bool on_old_column(const Subject& subject, const std::vector<int>& attnums) {
  return std::ranges::any_of(attnums, [&](int attnum) {
    const auto* column = subject.table.column(attnum);
    return column != nullptr && std::ranges::find(subject.words.old_columns, column->name) !=
                                    subject.words.old_columns.end();
  });
}

}  // namespace

guarantee::Site site_of(const Subject& subject) {
  return {subject.context, subject.table};
}

std::vector<Column> old_columns(const Subject& subject) {
  std::vector<Column> columns;
  for (const auto& name : subject.words.old_columns) {
    if (const auto* column = subject.table.column(name)) columns.push_back(*column);
  }
  return columns;
}

std::vector<std::string> shared_grants(const std::vector<Column>& columns) {
  const auto held_by = [](const Column& column, const std::string& grant) {
    const auto& grants = column.grants;
    return std::ranges::find(grants, grant) != grants.end() ||
           std::ranges::find(grants, grant + std::string(kGrantable)) != grants.end();
  };
  std::vector<std::string> candidates;
  for (const auto& column : columns) {
    for (const auto& grant : column.grants) {
      candidates.push_back(grant);
      if (grant.ends_with(kGrantable)) {
        candidates.push_back(grant.substr(0, grant.size() - kGrantable.size()));
      }
    }
  }
  std::erase_if(candidates, [&](const std::string& grant) {
    return !std::ranges::all_of(columns, [&](const auto& each) { return held_by(each, grant); });
  });
  std::ranges::sort(candidates);
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  // What may be granted on says so alone.
  auto grants = candidates;
  std::erase_if(grants, [&](const std::string& grant) {
    return std::ranges::find(candidates, grant + std::string(kGrantable)) != candidates.end();
  });
  return grants;
}

Column shape_of(const Subject& subject, const NewColumn& added) {
  Column column{.name = added.name, .type = added.type};
  if (added.like.empty()) column.grants = shared_grants(old_columns(subject));
  if (const auto* like = subject.table.column(added.like); like != nullptr) {
    column.comment = like->comment;
    column.grants = like->grants;
    column.statistics_target = like->statistics_target;
    column.options = like->options;
    if (like->type == added.type) {
      column.collation = like->collation;
      column.storage = like->storage;
      column.compression = like->compression;
    }
  }
  return column;
}

bool needs_not_null(const Subject& subject, const NewColumn& column) {
  return column.not_null && subject.words.common.on_error == OnError::fail;
}

void add_columns(const Subject& subject, Step& step) {
  for (const auto& added : subject.words.new_columns) {
    const auto column = shape_of(subject, added);
    append(step.sql, sql::add_column(Engine::postgresql, subject.table, column));
    step.records.emplace_back(RecordColumn{.change = subject.context.change,
                                           .role = new_role(added),
                                           .table = subject.table.name,
                                           .column = added.name});
    step.effects.emplace_back(PutColumn{subject.table.name, column});
  }
}

void change_places(const Subject& subject, Step& step) {
  SyncAction action{.table = subject.table.name, .before = std::move(step.sql)};
  step.sql.clear();
  exchange_names(subject, step, action.before);
  if (!subject.app_writes()) {
    const Subject after{
        .context = subject.context, .words = *subject.words.exchanged, .table = subject.table};
    action.enter.push_back(rule_of(after));
  }
  step.note = "the new column takes the old one's name; " + step.note;
  step.action = std::move(action);
}

Result<std::vector<Pair>> pairs_of(const Subject& subject) {
  std::vector<Pair> pairs;
  const auto refuse = [&](std::string_view what, const std::string& name, std::string_view why) {
    return fail_at(where_of(subject.context), ErrorCode::refused,
                   fmt::format("{} {} of {} would vanish with the old column: {}", what,
                               quote_identifier(name), quote(subject.table.name), why),
                   "drop it yourself, or make its twin on the new column and drop the old one");
  };
  for (const auto& index : subject.table.indexes) {
    if (!on_old_column(subject, index.attnums)) continue;
    ZDM_TRY(const auto twin, twin_name_of(subject, index.name.name, index));
    if (twin.empty())
      return refuse("index", index.name.name, "it appeared after the migration began");
    const auto* found = subject.table.index(twin);
    if (found == nullptr || !found->valid) {
      return refuse("index", index.name.name,
                    fmt::format("its twin {} is not there or not valid", twin));
    }
    const auto* constraint =
        index.constraint.empty() ? nullptr : subject.table.constraint(index.constraint);
    pairs.push_back({.index = &index, .constraint = constraint, .twin = twin});
  }
  for (const auto& constraint : subject.table.constraints) {
    const bool own =
        constraint.kind == ConstraintKind::check || constraint.kind == ConstraintKind::foreign_key;
    if (!own || !on_old_column(subject, constraint.attnums)) continue;
    ZDM_TRY(const auto twin, twin_name_of(subject, constraint.name, constraint));
    if (twin.empty()) {
      return refuse("constraint", constraint.name, "it appeared after the migration began");
    }
    const auto* found = subject.table.constraint(twin);
    if (found == nullptr || (constraint.validated && !found->validated)) {
      return refuse("constraint", constraint.name,
                    fmt::format("its twin {} is not there or not valid", twin));
    }
    pairs.push_back({.index = nullptr, .constraint = &constraint, .twin = twin});
  }
  return pairs;
}

}  // namespace zdm::planner::replacement
