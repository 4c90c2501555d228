#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "database/connection.hpp"
#include "model/names.hpp"

namespace zdm::migrations {

/// One row of a catalog query, its fields by name. A name the query does not have reads as NULL.
class Record {
 public:
  Record(const Rows& rows, std::size_t row) : rows_(&rows), row_(row) {}

  [[nodiscard]] bool null(std::string_view column) const;
  /// Empty for NULL.
  [[nodiscard]] std::string text(std::string_view column) const;
  /// t or 1.
  [[nodiscard]] bool flag(std::string_view column) const;
  /// 0 for NULL.
  [[nodiscard]] std::int64_t integer(std::string_view column) const;
  [[nodiscard]] int number(std::string_view column) const;
  [[nodiscard]] std::uint32_t oid(std::string_view column) const;
  [[nodiscard]] double real(std::string_view column) const;
  /// Of an int2vector or of array_to_string(…, ' ').
  [[nodiscard]] std::vector<int> integers(std::string_view column) const;
  /// Of a JSON array of texts.
  [[nodiscard]] std::vector<std::string> texts(std::string_view column) const;
  /// Of a JSON array of JSON arrays of texts.
  [[nodiscard]] std::vector<std::vector<std::string>> table(std::string_view column) const;
  /// Of a JSON array of [schema, name].
  [[nodiscard]] std::vector<planner::TableName> names(std::string_view column) const;

 private:
  [[nodiscard]] const Text& field(std::string_view column) const;

  const Rows* rows_;
  std::size_t row_;
};

/// Calls `use(record)` for each row of a statement.
template <class Use>
[[nodiscard]] Result<void> for_each(Connection& connection, std::string_view sql,
                                    std::initializer_list<Text> parameters, Use use) {
  ZDM_TRY(const Rows rows, connection.run(sql, parameters));
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    use(Record(rows, row));
  }
  return {};
}

/// JSON text of a list of rows of texts: what json_array_elements() takes apart on the server.
[[nodiscard]] std::string to_json(const std::vector<std::vector<std::string>>& rows);

}  // namespace zdm::migrations
