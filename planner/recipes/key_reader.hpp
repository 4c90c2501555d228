#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/names.hpp"
#include "model/step.hpp"
#include "model/value.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// An SQL text of a file with its place.
struct SqlText {
  std::string text;
  Value source;  ///< for positions inside it (place_of)
};

/// The common keys of a change (zdm-migration(5), "Common keys").
struct CommonKeys {
  std::optional<SqlText> up;
  std::optional<SqlText> down;
  OnError on_error = OnError::fail;
  UserTriggers user_triggers = UserTriggers::refuse;
  bool dual_write_app = false;  ///< dual_write = "app"
};

/// Reads the keys of one table of a file, remembers which were asked for, and names the others as
/// unknown with a suggestion. Every error carries file, line and column. ErrorCode::usage.
class KeyReader {
 public:
  /// `what` names the thing in messages: "change rename_column".
  KeyReader(Object object, SourceSpan where, std::string what);

  [[nodiscard]] Result<std::string> text(std::string_view key);
  [[nodiscard]] Result<std::optional<std::string>> optional_text(std::string_view key);
  [[nodiscard]] Result<bool> flag(std::string_view key, bool otherwise);
  [[nodiscard]] Result<std::optional<std::int64_t>> optional_integer(std::string_view key);
  [[nodiscard]] Result<std::vector<std::string>> optional_texts(std::string_view key);

  /// "users", "app.users", "\"My Table\".x": parts as in SQL, unquoted ones folded to lower case.
  [[nodiscard]] Result<TableName> table(std::string_view key);
  [[nodiscard]] Result<std::optional<TableName>> optional_table(std::string_view key);
  /// One name, as in SQL.
  [[nodiscard]] Result<std::string> identifier(std::string_view key);
  [[nodiscard]] Result<std::optional<std::string>> optional_identifier(std::string_view key);
  [[nodiscard]] Result<std::vector<std::string>> identifiers(std::string_view key);
  [[nodiscard]] Result<std::vector<std::string>> optional_identifiers(std::string_view key);

  /// [["a", "b"], ["c"]]
  [[nodiscard]] Result<std::vector<std::vector<std::string>>> optional_identifier_lists(
      std::string_view key);

  /// The type of a column, and nothing that would go on after it; `serial` where the table is there
  /// already is refused, since it would be rewritten under a lock.
  enum class Serial { taken, refused };
  [[nodiscard]] Result<std::string> type(std::string_view key, Serial serial = Serial::refused);
  [[nodiscard]] Result<std::optional<std::string>> optional_type(std::string_view key);

  /// SQL whose syntax is checked later, where the engine is known.
  [[nodiscard]] Result<SqlText> sql(std::string_view key);
  [[nodiscard]] Result<std::optional<SqlText>> optional_sql(std::string_view key);

  /// A list of SQL texts, at least one.
  [[nodiscard]] Result<std::vector<SqlText>> sql_list(std::string_view key);

  /// Inline tables and arrays of them, as readers of their own.
  [[nodiscard]] Result<std::optional<KeyReader>> optional_object(std::string_view key);
  [[nodiscard]] Result<std::vector<KeyReader>> objects(std::string_view key);
  /// Keys of an inline table as given: `down = {first = "…", last = "…"}`.
  [[nodiscard]] Result<std::vector<std::pair<std::string, SqlText>>> optional_sql_map(
      std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const;
  /// The key is a string (not a table): some keys take either.
  [[nodiscard]] bool is_text(std::string_view key) const;

  /// up, down, on_error, user_triggers, dual_write. A `down` that is a table is left to the kind.
  [[nodiscard]] Result<CommonKeys> common();

  /// The end: an error for the first key nobody asked for.
  [[nodiscard]] Result<void> finish() const;

  [[nodiscard]] const SourceSpan& where() const { return where_; }
  [[nodiscard]] SourceSpan where(std::string_view key) const;

 private:
  [[nodiscard]] const Member* find(std::string_view key);
  [[nodiscard]] tl::unexpected<Error> missing(std::string_view key) const;
  Object object_;
  SourceSpan where_;
  std::string what_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace zdm::planner
