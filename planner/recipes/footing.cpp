#include "recipes/footing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "recipes/view_words.hpp"
#include "sql/lexer.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

/// New columns beside old ones are made anew when backfill is undone, and dropped with expand.
bool drops_columns(Phase undone) {
  return undone == Phase::expand || undone == Phase::backfill;
}

template <class Kind>
void add_made(const Kind& /*kind*/, Phase /*undone*/, Made& /*made*/) {}

void add_made(const AddColumn& kind, Phase undone, Made& made) {
  const bool anew = undone == Phase::backfill && kind.common.up;
  if (anew || undone == Phase::expand) made.columns.push_back({kind.table, kind.name});
}

void add_made(const RenameColumn& kind, Phase undone, Made& made) {
  if (drops_columns(undone)) made.columns.push_back({kind.table, kind.to});
}

void add_made(const ChangeColumn& kind, Phase undone, Made& made) {
  if (kind.name && *kind.name != kind.column) {
    if (drops_columns(undone)) made.columns.push_back({kind.table, *kind.name});
  } else if (undone == Phase::switch_) {
    made.columns.push_back({kind.table, kind.column});
    made.exchanged = true;
  }
}

void add_made(const SplitColumn& kind, Phase undone, Made& made) {
  if (!drops_columns(undone)) return;
  for (const auto& part : kind.parts) made.columns.push_back({kind.table, part.name});
}

void add_made(const MergeColumns& kind, Phase undone, Made& made) {
  if (drops_columns(undone)) made.columns.push_back({kind.table, kind.name});
}

void add_made(const CreateTable& kind, Phase undone, Made& made) {
  if (undone == Phase::expand) made.relations.push_back({.name = kind.table});
}

/// From switch on the new name is the table's, before that a view's.
void add_made(const RenameTableChange& kind, Phase undone, Made& made) {
  if (undone == Phase::backfill) return;
  made.relations.push_back({.name = kind.to, .view = undone == Phase::expand});
}

void add_made(const CreateView& kind, Phase undone, Made& made) {
  if (undone == Phase::expand) made.relations.push_back({.name = kind.name, .view = true});
}

void add_made(const CreateMatview& kind, Phase undone, Made& made) {
  if (undone == Phase::expand) made.relations.push_back({.name = kind.view.name, .view = true});
}

/// What a change names.
struct Named {
  std::vector<TableName> tables;
  std::vector<TouchedColumn> columns;
  std::vector<std::string> texts;  ///< SQL over columns of these tables
};

void add_text(const SqlText& text, Named& named) {
  named.texts.push_back(text.text);
}

void add_text(const std::optional<SqlText>& text, Named& named) {
  if (text) named.texts.push_back(text->text);
}

void add_target(const ForeignKeyTarget& target, Named& named) {
  named.tables.push_back(target.table);
  for (const auto& column : target.columns) named.columns.push_back({target.table, column});
}

void add_target(const std::optional<ForeignKeyTarget>& target, Named& named) {
  if (target) add_target(*target, named);
}

// The keys most kinds share.
template <class Kind>
void add_shared(const Kind& kind, Named& named) {
  if constexpr (requires { kind.common.up; }) {
    add_text(kind.common.up, named);
    add_text(kind.common.down, named);
  }
  if constexpr (requires { kind.check; }) add_text(kind.check, named);
  if constexpr (requires { kind.references; }) add_target(kind.references, named);
  if constexpr (requires { kind.index.table; }) {
    named.tables.push_back(kind.index.table);
    for (const auto& column : kind.index.columns) add_text(column, named);
    add_text(kind.index.where, named);
    for (const auto& column : kind.index.include) {
      named.columns.push_back({kind.index.table, column});
    }
  }
}

template <class Kind>
void add_own(const Kind& /*kind*/, Named& /*named*/) {}

void add_own(const SplitColumn& kind, Named& named) {
  for (const auto& part : kind.parts) add_text(part.up, named);
}

void add_own(const MergeColumns& kind, Named& named) {
  for (const auto& [column, text] : kind.down) add_text(text, named);
}

void add_own(const SetComment& kind, Named& named) {
  if (kind.column) named.columns.push_back({kind.table, *kind.column});
}

Named named_by(const Change& change) {
  auto touched = touched_by(change);
  Named named{.tables = std::move(touched.tables), .columns = std::move(touched.columns)};
  std::visit(
      [&](const auto& kind) {
        add_shared(kind, named);
        add_own(kind, named);
      },
      change.kind);
  if (const auto view = view_made_by(change)) {
    named.tables.push_back(view->name);
    for (auto& table : views::read_by(view->query)) named.tables.push_back(std::move(table));
    add_text(view->query, named);
  }
  return named;
}

bool mentions(const std::string& text, const std::string& name) {
  for (auto each = next_lexeme(text, 0); each.kind != LexemeKind::end;
       each = next_lexeme(text, each.end())) {
    if (name_at(text, each) == name) return true;
  }
  return false;
}

bool same(const TableName& one, const TableName& other, const std::string& home) {
  const auto schema = [&](const TableName& name) {
    return name.schema.empty() ? home : name.schema;
  };
  return one.name == other.name && schema(one) == schema(other);
}

}  // namespace

Made taken_back(const Change& change, Phase undone) {
  Made made;
  std::visit([&](const auto& kind) { add_made(kind, undone, made); }, change.kind);
  return made;
}

std::string standing_on(const Made& made, const Change& change, const std::string& home) {
  const Named named = named_by(change);
  const auto names_table = [&](const TableName& table) {
    return std::ranges::any_of(named.tables,
                               [&](const TableName& each) { return same(each, table, home); });
  };
  for (const auto& relation : made.relations) {
    if (!names_table(relation.name)) continue;
    return fmt::format("{} {}", relation.view ? "view" : "table", quote(relation.name));
  }
  for (const auto& column : made.columns) {
    const bool by_key = std::ranges::any_of(named.columns, [&](const TouchedColumn& each) {
      return each.column == column.column && same(each.table, column.table, home);
    });
    const bool by_text =
        names_table(column.table) && std::ranges::any_of(named.texts, [&](const std::string& text) {
          return mentions(text, column.column);
        });
    if (!by_key && !by_text) continue;
    return fmt::format("column {}.{}", quote(column.table), quote_identifier(column.column));
  }
  return {};
}

}  // namespace zdm::planner
