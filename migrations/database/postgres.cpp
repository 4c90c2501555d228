#include "database/postgres.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "database/errors.hpp"
#include "database/postgres_url.hpp"
#include "database/send.hpp"

namespace zdm::migrations {

namespace {

using Handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
using Cancel = std::unique_ptr<PGcancel, decltype(&PQfreeCancel)>;

std::string field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string() : one_line(text);
}

/// "message (detail)": the detail names the key or row, which is what people look for.
Error error_of(const PGresult* result, std::string_view sql) {
  Error error{.message = field_of(result, PG_DIAG_MESSAGE_PRIMARY),
              .hint = field_of(result, PG_DIAG_MESSAGE_HINT),
              .sqlstate = field_of(result, PG_DIAG_SQLSTATE),
              .statement = std::string(sql)};
  // Law 10: nobody is told to drop what depends on an object unseen.
  if (error.hint.find("CASCADE") != std::string::npos) {
    error.hint = "change or drop what depends on it first";
  }
  if (error.message.empty()) {
    error.message = one_line(PQresultErrorMessage(result));
  }
  if (std::string detail = field_of(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
    if (detail.ends_with('.')) {
      detail.pop_back();
    }
    error.message += " (" + detail + ")";
  }
  return error;
}

/// The server ends the session after FATAL. An error without an SQLSTATE is libpq's own: when it
/// fails to send, PQstatus() may go on saying CONNECTION_OK (measured: a server stopped while we
/// were idle).
bool is_fatal(const PGresult* result) {
  const std::string severity = field_of(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC" || field_of(result, PG_DIAG_SQLSTATE).empty();
}

Rows rows_of(const PGresult* result) {
  Rows rows;
  const int columns = PQnfields(result);
  for (int column = 0; column < columns; ++column) {
    rows.columns.emplace_back(PQfname(result, column));
  }
  const int count = PQntuples(result);
  rows.rows.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    auto& fields = rows.rows.emplace_back();
    fields.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        fields.emplace_back(std::nullopt);
      } else {
        const auto length = static_cast<std::size_t>(PQgetlength(result, row, column));
        fields.emplace_back(std::string(PQgetvalue(result, row, column), length));
      }
    }
  }
  return rows;
}

/// The count of the command tag, which counts rows read for SELECT and FETCH: those are not
/// written.
std::int64_t written(PGresult* result) {
  const std::string_view tag = PQcmdStatus(result);
  if (PQresultStatus(result) == PGRES_TUPLES_OK &&
      (tag.starts_with("SELECT") || tag.starts_with("FETCH"))) {
    return 0;
  }
  const std::string_view text = PQcmdTuples(result);
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

class Postgres final : public Connection, public Sender {
 public:
  explicit Postgres(Handle handle)
      : handle_(std::move(handle)), cancel_(PQgetCancel(handle_.get()), &PQfreeCancel) {}

  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override;
  Result<void> send(std::string_view sql, std::span<const Text> parameters) override;

  [[nodiscard]] Engine engine() const override { return Engine::postgresql; }
  [[nodiscard]] int server_version() const override { return PQserverVersion(handle_.get()); }
  [[nodiscard]] bool usable() const override { return usable_; }
  [[nodiscard]] bool in_transaction() const override {
    const PGTransactionStatusType status = PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
  }
  void cancel() noexcept override {
    std::array<char, 256> problem{};
    if (cancel_) {
      PQcancel(cancel_.get(), problem.data(), static_cast<int>(problem.size()));
    }
  }
  [[nodiscard]] std::int64_t backend_pid() const override { return backend_pid_; }
  [[nodiscard]] bool pooled() const override { return pooled_; }

  Result<void> set_up(const SessionSettings& settings);

 private:
  Result<Rows> receive(std::string_view sql);
  void leave_copy(ExecStatusType status);
  Error lost(Error error, std::string_view sql);

  Handle handle_;
  Cancel cancel_;
  bool usable_ = true;
  bool pooled_ = false;
  std::int64_t backend_pid_ = 0;
};

Result<void> Postgres::send(std::string_view sql, std::span<const Text> parameters) {
  if (!usable_) {
    Error error{.code = ErrorCode::cannot_connect,
                .message = "the connection to the database was lost",
                .sqlstate = "08003",
                .statement = std::string(sql)};
    return planner::fail(std::move(error));
  }
  if (sql.find('\0') != std::string_view::npos) {
    return planner::fail(ErrorCode::usage, "a statement holds a zero byte");
  }
  const std::string text(sql);
  std::vector<const char*> values;
  for (const Text& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  // The simple protocol takes several statements at once, the extended one takes parameters.
  const int sent = values.empty() ? PQsendQuery(handle_.get(), text.c_str())
                                  : PQsendQueryParams(handle_.get(), text.c_str(),
                                                      static_cast<int>(values.size()), nullptr,
                                                      values.data(), nullptr, nullptr, 0);
  if (sent == 0) {
    return planner::fail(lost(Error{.message = one_line(PQerrorMessage(handle_.get()))}, sql));
  }
  return {};
}

Result<Rows> Postgres::run(std::string_view sql, std::span<const Text> parameters) {
  ZDM_CHECK(send(sql, parameters));
  return receive(sql);
}

/// Reads all results of what was sent: the last one counts, or the first error.
Result<Rows> Postgres::receive(std::string_view sql) {
  Rows rows;
  std::optional<Error> error;
  bool gone = false;
  for (;;) {
    const Answer answer(PQgetResult(handle_.get()), &PQclear);
    if (!answer) {
      break;
    }
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      rows = rows_of(answer.get());
      rows.affected = written(answer.get());
      // COMMIT of a failed transaction is answered with ROLLBACK and no error.
      if (is_commit(sql) && std::string_view(PQcmdStatus(answer.get())) == "ROLLBACK") {
        error = Error{.message = "the transaction was rolled back: a statement in it had failed",
                      .sqlstate = "25P02",
                      .statement = std::string(sql)};
      }
    } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      leave_copy(status);
      error = Error{.code = ErrorCode::usage,
                    .message = "COPY from standard input or to standard output cannot be run",
                    .hint = "use INSERT, or COPY with a file of the server",
                    .statement = std::string(sql)};
    } else if (status != PGRES_EMPTY_QUERY) {
      gone = gone || is_fatal(answer.get());
      error = error ? error : error_of(answer.get(), sql);
    }
  }
  if (gone || PQstatus(handle_.get()) == CONNECTION_BAD) {
    return planner::fail(lost(error.value_or(Error{}), sql));
  }
  if (error) {
    return planner::fail(std::move(*error));
  }
  return rows;
}

void Postgres::leave_copy(ExecStatusType status) {
  if (status == PGRES_COPY_IN) {
    PQputCopyEnd(handle_.get(), "COPY is not run by zdm");
    return;
  }
  char* data = nullptr;
  while (PQgetCopyData(handle_.get(), &data, 0) > 0) {
    PQfreemem(data);
  }
}

/// What is known of a lost connection: the server's last words where it had any (57P01 and such).
Error Postgres::lost(Error error, std::string_view sql) {
  usable_ = false;
  error.code = ErrorCode::cannot_connect;
  const std::string words = error.message.empty() ? "no reason given" : error.message;
  error.message = "the connection to the database was lost: " + words;
  error.sqlstate = classify(error.sqlstate) == Trouble::lost ? error.sqlstate : "08006";
  error.statement = std::string(sql);
  error.in_doubt = is_commit(sql);
  return error;
}

Result<void> Postgres::set_up(const SessionSettings& settings) {
  ZDM_TRY(const Rows pid, run("SELECT pg_backend_pid()"));
  backend_pid_ = pid.first_integer();
  pooled_ = backend_pid_ != PQbackendPID(handle_.get());
  if (pooled_) {
    return {};
  }
  const auto text = [](std::chrono::milliseconds time) {
    return fmt::format("{}ms", time.count());
  };
  ZDM_CHECK(run(R"(
    SELECT set_config('row_security', 'off', false),
           set_config('lock_timeout', $1, false),
           set_config('statement_timeout', $2, false),
           set_config('idle_in_transaction_session_timeout', $3, false),
           set_config('standard_conforming_strings', 'on', false),
           set_config('DateStyle', 'ISO', false),
           set_config('IntervalStyle', 'postgres', false),
           set_config('bytea_output', 'hex', false))",
                {text(settings.lock_timeout), text(settings.statement_timeout),
                 text(settings.idle_in_transaction_timeout)}));
  if (!settings.search_path.empty()) {
    ZDM_CHECK(run("SELECT set_config('search_path', $1, false)", {settings.search_path}));
  }
  return {};
}

/// Seconds; what the environment or a service file says comes before ours.
std::string connect_timeout() {
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> defaults(PQconndefaults(),
                                                                        &PQconninfoFree);
  for (const PQconninfoOption* option = defaults.get(); option && option->keyword; ++option) {
    if (std::string_view(option->keyword) == "connect_timeout" && option->val) {
      return option->val;
    }
  }
  return "10";
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

Result<std::unique_ptr<Connection>> open_postgres(const DatabaseUrl& url,
                                                  const SessionSettings& settings) {
  ZDM_CHECK(check_postgres(url.text));
  // Where a keyword is given twice, the later one counts; `dbname` is expanded in its place.
  const std::string timeout = connect_timeout();
  const std::array<const char*, 5> keywords = {"connect_timeout", "dbname", "application_name",
                                               "client_encoding", nullptr};
  const std::array<const char*, 5> values = {timeout.c_str(), url.text.reveal().c_str(),
                                             "zdm/" ZDM_VERSION, "UTF8", nullptr};
  Handle handle(PQconnectdbParams(keywords.data(), values.data(), 1), &PQfinish);
  if (PQstatus(handle.get()) != CONNECTION_OK) {
    Error error{
        .code = ErrorCode::cannot_connect,
        .message = fmt::format("cannot connect to {}: {}", url.display(),
                               without_password(one_line(PQerrorMessage(handle.get())), url.text)),
        .hint = "see that the server runs and that the URL names it",
        .sqlstate = "08001"};
    return planner::fail(std::move(error));
  }
  if (const int version = PQserverVersion(handle.get()); version < 120000) {
    return planner::fail(ErrorCode::refused,
                         fmt::format("{} runs PostgreSQL {}, and 12 is the oldest that is served",
                                     url.display(), version / 10000));
  }
  PQsetNoticeReceiver(handle.get(), &ignore_notice, nullptr);
  auto connection = std::make_unique<Postgres>(std::move(handle));
  ZDM_CHECK(connection->set_up(settings));
  return connection;
}

}  // namespace zdm::migrations
