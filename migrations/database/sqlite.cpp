#include "database/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <cstdlib>

#include "database/errors.hpp"

namespace zdm::migrations {

namespace {

using Handle = std::unique_ptr<sqlite3, decltype(&sqlite3_close_v2)>;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

std::string hex_literal(const unsigned char* bytes, std::size_t size) {
  std::string text = "X'";
  for (std::size_t i = 0; i < size; ++i) {
    fmt::format_to(std::back_inserter(text), "{:02X}", static_cast<unsigned>(bytes[i]));
  }
  return text + "'";
}

Text field_of(sqlite3_stmt* statement, int column) {
  const int type = sqlite3_column_type(statement, column);
  if (type == SQLITE_NULL) {
    return std::nullopt;
  }
  const auto size = [&] {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  };
  if (type == SQLITE_BLOB) {
    const void* bytes = sqlite3_column_blob(statement, column);
    return hex_literal(static_cast<const unsigned char*>(bytes), size());
  }
  const double real = type == SQLITE_FLOAT ? sqlite3_column_double(statement, column) : 0;
  const unsigned char* bytes = sqlite3_column_text(statement, column);
  std::string text(reinterpret_cast<const char*>(bytes), size());
  // SQLite writes 15 digits, which do not always read back as the same number.
  if (type == SQLITE_FLOAT && std::strtod(text.c_str(), nullptr) != real) {
    text = fmt::format("{}", real);
  }
  return text;
}

/// The n of $n or ?n; 0 for any other parameter.
std::size_t number_of(const char* name) {
  const std::string_view text = name == nullptr ? "" : name;
  std::size_t number = 0;
  if (text.starts_with('$') || text.starts_with('?')) {
    std::from_chars(text.data() + 1, text.data() + text.size(), number);
  }
  return number;
}

class Sqlite final : public Connection {
 public:
  explicit Sqlite(Handle handle) : handle_(std::move(handle)) {}

  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override;

  [[nodiscard]] Engine engine() const override { return Engine::sqlite; }
  [[nodiscard]] int server_version() const override { return sqlite3_libversion_number(); }
  [[nodiscard]] bool usable() const override { return true; }
  [[nodiscard]] bool in_transaction() const override {
    return sqlite3_get_autocommit(handle_.get()) == 0;
  }
  void cancel() noexcept override { sqlite3_interrupt(handle_.get()); }
  [[nodiscard]] std::int64_t backend_pid() const override { return 0; }
  [[nodiscard]] bool pooled() const override { return false; }

 private:
  Result<Rows> step_through(sqlite3_stmt* statement, std::string_view sql);
  static Result<void> bind(sqlite3_stmt* statement, std::span<const Text> parameters);
  Error error(std::string_view sql) const;

  Handle handle_;
};

Error Sqlite::error(std::string_view sql) const {
  const int code = sqlite3_extended_errcode(handle_.get());
  const std::string message = one_line(sqlite3_errmsg(handle_.get()));
  Error error{.code = ErrorCode::failed,
              .message = message,
              .sqlstate = sqlite_sqlstate(code, message),
              .statement = std::string(sql)};
  switch (code & 0xff) {
    case SQLITE_CANTOPEN:
      error.code = ErrorCode::cannot_connect;
      break;
    case SQLITE_BUSY:
      error.code = ErrorCode::busy;
      error.hint =
          "another process is in a transaction on this file; once it has ended, run the same "
          "command again";
      break;
    case SQLITE_READONLY:
      error.hint = "see that this user may write the file and its directory";
      break;
    default:
      break;
  }
  return error;
}

Result<void> Sqlite::bind(sqlite3_stmt* statement, std::span<const Text> parameters) {
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i) {
    const std::size_t number = number_of(sqlite3_bind_parameter_name(statement, i));
    if (number == 0 || number > parameters.size()) {
      return planner::fail(
          Error{.message = fmt::format("parameter {} of the statement has no value", i),
                .sqlstate = "42P02",
                .statement = sqlite3_sql(statement)});
    }
    if (const Text& value = parameters[number - 1]) {
      sqlite3_bind_text64(statement, i, value->data(), value->size(), SQLITE_STATIC, SQLITE_UTF8);
    }
  }
  return {};
}

Result<Rows> Sqlite::step_through(sqlite3_stmt* statement, std::string_view sql) {
  Rows rows;
  const int columns = sqlite3_column_count(statement);
  for (int column = 0; column < columns; ++column) {
    rows.columns.emplace_back(sqlite3_column_name(statement, column));
  }
  const int before = sqlite3_total_changes(handle_.get());
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    auto& fields = rows.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      fields.push_back(field_of(statement, column));
    }
  }
  if (code != SQLITE_DONE) {
    return planner::fail(error(sql));
  }
  // sqlite3_changes() keeps the count of the last statement that wrote anything.
  if (sqlite3_total_changes(handle_.get()) != before) {
    rows.affected = sqlite3_changes(handle_.get());
  }
  return rows;
}

Result<Rows> Sqlite::run(std::string_view sql, std::span<const Text> parameters) {
  Rows rows;
  const char* at = sql.data();
  const char* const end = sql.data() + sql.size();
  while (at != end) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(handle_.get(), at, static_cast<int>(end - at), &raw, &tail);
    const Statement statement(raw, &sqlite3_finalize);
    const std::string_view text(at, static_cast<std::size_t>((tail ? tail : end) - at));
    if (code != SQLITE_OK) {
      return planner::fail(error(text));
    }
    at = tail;
    if (raw == nullptr) {
      continue;  // only space or a comment
    }
    ZDM_CHECK(bind(raw, parameters));
    ZDM_TRY(rows, step_through(raw, text));
  }
  return rows;
}

tl::unexpected<Error> cannot_open(const std::string& path, sqlite3* handle, int code) {
  const std::string reason = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return planner::fail(Error{.code = ErrorCode::cannot_connect,
                             .message = fmt::format("cannot open sqlite:{}: {}", path, reason),
                             .hint = "see that the file exists and may be read and written",
                             .sqlstate = "08001"});
}

}  // namespace

Result<std::unique_ptr<Connection>> open_sqlite(const std::string& path,
                                                const SessionSettings& settings) {
  if (path.empty()) {
    return planner::fail(ErrorCode::usage, "the database URL sqlite: names no file",
                         "write sqlite:path/to/file.db");
  }
  if (sqlite3_libversion_number() < 3035000) {
    return planner::fail(ErrorCode::refused,
                         fmt::format("SQLite {} is older than 3.35", sqlite3_libversion()));
  }
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (settings.create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Handle handle(raw, &sqlite3_close_v2);
  if (code != SQLITE_OK) {
    return cannot_open(path, raw, code);
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, static_cast<int>(settings.lock_timeout.count()));
  auto connection = std::make_unique<Sqlite>(std::move(handle));
  ZDM_CHECK(connection->run("PRAGMA foreign_keys = on"));
  // The file is read only now; one that is no database is found here rather than at the first
  // table.
  if (auto read = connection->run("PRAGMA schema_version");
      !read && classify(read.error().sqlstate) != Trouble::lock) {
    return cannot_open(path, raw, code);
  }
  return connection;
}

}  // namespace zdm::migrations
