#include "recipes/view_companions.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "recipes/plan.hpp"
#include "recipes/subject.hpp"
#include "recipes/touched.hpp"
#include "recipes/view_words.hpp"
#include "sql/query.hpp"
#include "sql/quote.hpp"

namespace zdm::planner::views {

namespace {

constexpr std::string_view kApart =
    "put the two into files of their own: this one begins once the other is contracted";

/// Both names mean the same relation, be it there or not.
bool same(const Context& context, const TableName& one, const TableName& two) {
  const auto* table = context.catalog.table(one);
  return one == two || (table != nullptr && table == context.catalog.table(two));
}

bool reads(const Context& context, const SqlText& query, const TableName& name) {
  return std::ranges::any_of(read_by(query),
                             [&](const TableName& each) { return same(context, each, name); });
}

/// A view that another change of the file replaces.
struct Replaced {
  std::size_t number = 0;  ///< of the change, as people count
  Table old;
  SqlText query;
};

std::vector<Replaced> replaced_by_others(const Context& context) {
  std::vector<Replaced> all;
  for (std::size_t i = 0; i < context.migration.changes.size(); ++i) {
    const auto made = view_made_by(context.migration.changes[i]);
    const auto* view = made ? context.catalog.table(made->name) : nullptr;
    if (i == context.change || view == nullptr || !made->replaces) continue;
    all.push_back({.number = i + 1, .old = *view, .query = made->query});
  }
  return all;
}

tl::unexpected<Error> refuse(const Context& context, const Replaced& replaced,
                             std::string_view what) {
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("`query` reads {}, which change {} of the same file replaces: {}",
                             quote(replaced.old.name), replaced.number, what),
                 std::string(kApart));
}

Result<void> refuse_lost(const Context& context, const Replaced& replaced, const SqlText& query) {
  for (const auto& name : lost_columns(replaced.old, replaced.query)) {
    if (!may_read_column(query.text, replaced.old.name, name)) continue;
    return refuse(context, replaced,
                  fmt::format("it may read {}, which the new one lacks", quote_identifier(name)));
  }
  return {};
}

/// The query may read a column that only the new one has.
bool may_read_new(const Replaced& replaced, const SqlText& query) {
  const auto columns = columns_of(replaced.query);
  return !columns || std::ranges::any_of(*columns, [&](const std::string& name) {
    return replaced.old.column(name) == nullptr &&
           may_read_column(query.text, replaced.old.name, name);
  });
}

/// The server can be asked about the query before the file has changed anything.
bool stands_already(const Context& context, const SqlText& query) {
  return !has_own_sql(context.migration) && !reads_what_changes(context, query) &&
         std::ranges::all_of(read_by(query), [&](const TableName& each) {
           const auto* table = context.catalog.table(each);
           return table != nullptr && (table->oid != 0 || context.catalog.assumed);
         });
}

Check readable_now(const Context& context, const Replaced& replaced, const SqlText& query) {
  return {.table = replaced.old.name,
          .columns = {},
          .query = fmt::format("EXPLAIN {}", query.text),
          .message = fmt::format("`query` is refused while {} is as it is before change {} of the "
                                 "same file",
                                 quote(replaced.old.name), replaced.number),
          .hint = std::string(kApart),
          .where = where_of(context),
          .answers = false};
}

}  // namespace

bool reads_what_changes(const Context& context, const SqlText& query) {
  return std::ranges::any_of(context.migration.changes, [&](const Change& change) {
    return std::visit(
        [&](const auto& kind) {
          if constexpr (requires { TableName(kind.table); })
            return reads(context, query, kind.table);
          return false;
        },
        change.kind);
  });
}

Result<std::vector<Check>> over_replaced(const Context& context, const SqlText& query,
                                         Binding binding) {
  std::vector<Check> checks;
  if (context.catalog.engine != Engine::postgresql) return checks;
  for (const auto& replaced : replaced_by_others(context)) {
    if (!reads(context, query, replaced.old.name)) continue;
    if (binding == Binding::never)
      return refuse(context, replaced, "a materialized view would stay with the old one");
    if (binding == Binding::at_once) {
      return refuse(context, replaced,
                    "with a change of a table it reads, both would be made in one phase");
    }
    ZDM_CHECK(refuse_lost(context, replaced, query));
    if (may_read_new(replaced, query) && stands_already(context, query))
      checks.push_back(readable_now(context, replaced, query));
  }
  return checks;
}

Result<void> refuse_rules_over(const Context& context, const Table& view) {
  for (const auto& replaced : replaced_by_others(context)) {
    for (const auto& dependent : view.dependents) {
      if (dependent.kind != DependentKind::rule || dependent.relation != replaced.old.name)
        continue;
      return fail_at(
          where_of(context), ErrorCode::refused,
          fmt::format("{} cannot be replaced together with {}, by change {} of the same "
                      "file: {} names it",
                      quote(view.name), quote(replaced.old.name), replaced.number, dependent.name),
          std::string(kApart));
    }
  }
  return {};
}

}  // namespace zdm::planner::views
