#pragma once

#include <span>
#include <variant>

#include "model/error.hpp"
#include "recipes/add_check.hpp"
#include "recipes/add_column.hpp"
#include "recipes/add_enum_value.hpp"
#include "recipes/add_foreign_key.hpp"
#include "recipes/add_unique.hpp"
#include "recipes/change_column.hpp"
#include "recipes/create_index.hpp"
#include "recipes/create_matview.hpp"
#include "recipes/create_table.hpp"
#include "recipes/create_view.hpp"
#include "recipes/drop_column.hpp"
#include "recipes/drop_constraint.hpp"
#include "recipes/drop_default.hpp"
#include "recipes/drop_index.hpp"
#include "recipes/drop_not_null.hpp"
#include "recipes/drop_table.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/merge_columns.hpp"
#include "recipes/recipe.hpp"
#include "recipes/rename_column.hpp"
#include "recipes/rename_table.hpp"
#include "recipes/replace_index.hpp"
#include "recipes/replace_matview.hpp"
#include "recipes/replace_view.hpp"
#include "recipes/set_comment.hpp"
#include "recipes/set_default.hpp"
#include "recipes/set_not_null.hpp"
#include "recipes/split_column.hpp"
#include "recipes/sql_change.hpp"

namespace zdm::planner {

/// The closed set of change kinds. To add one: write its source pair, add it here, add a golden
/// folder.
using ChangeKind =
    std::variant<CreateTable, AddColumn, RenameColumn, ChangeColumn, SplitColumn, MergeColumns,
                 DropColumnChange, DropTableChange, RenameTableChange, SetNotNull, DropNotNull,
                 AddCheck, AddForeignKey, AddUnique, DropConstraintChange, SetDefault, DropDefault,
                 SetComment, CreateIndex, DropIndexChange, ReplaceIndex, CreateView, ReplaceView,
                 CreateMatview, ReplaceMatview, AddEnumValue, SqlChange>;

/// One thing that happens to the schema.
struct Change {
  ChangeKind kind;
  SourceSpan where;
};

/// All kinds, in the order of the manual.
[[nodiscard]] std::span<const KindInfo* const> kinds();

[[nodiscard]] const KindInfo& info(const Change& change);

/// Decodes one [[change]] table by its `kind` key.
[[nodiscard]] Result<Change> decode_change(const Object& object, SourceSpan where);

}  // namespace zdm::planner
