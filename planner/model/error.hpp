#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace zdm::planner {

/// What a caller acts on. Each value is an exit code of zdm(1).
enum class ErrorCode {
  failed = 1,          ///< failed while working; state recorded, resumable
  usage = 2,           ///< usage, configuration or input file
  refused = 3,         ///< gate, release rule, dependents, unsafe plan: nothing was changed
  pending = 4,         ///< pending work, asked for with --exit-code
  drift = 5,           ///< ledger, checksum and catalog disagree
  busy = 6,            ///< lease held, lock budget or --timeout spent: retry later
  cannot_connect = 7,  ///< retry later
  bug = 70,
  interrupted = 130,  ///< SIGINT, at a safe point
  terminated = 143,   ///< SIGTERM, at a safe point
};

/// A place in a file. Lines and columns count from 1, columns in characters; 0 means unknown.
struct SourceSpan {
  std::string file;
  int line = 0;
  int column = 0;
  int end_line = 0;
  int end_column = 0;
};

/// Someone who holds what we wait for.
struct Blocker {
  std::int64_t pid = 0;  ///< 0: a prepared transaction, named by `application`
  std::string application;
  std::string user;
  std::string state;
  std::int64_t age_ms = 0;  ///< age of its transaction
  std::string query;
};

/// An error as data: what went wrong, where, and what to do next.
struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;              ///< one sentence, no trailing newline
  std::string hint;                 ///< what to do next; may be empty
  std::optional<SourceSpan> where;  ///< in the user's file
  std::string sqlstate;             ///< five characters, or empty
  std::string statement;            ///< the SQL that failed, or empty
  std::vector<Blocker> blockers;    ///< root of the chain first
  bool in_doubt = false;            ///< the connection was lost during COMMIT
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::usage, "…", "…");`
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message,
                                                std::string hint = {}) {
  return tl::unexpected<Error>(
      Error{.code = code, .message = std::move(message), .hint = std::move(hint)});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

/// The same with a place in the user's file.
[[nodiscard]] inline tl::unexpected<Error> fail_at(SourceSpan where, ErrorCode code,
                                                   std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{.code = code,
                                     .message = std::move(message),
                                     .hint = std::move(hint),
                                     .where = std::move(where)});
}

}  // namespace zdm::planner

/// Evaluates a Result expression; returns its error from the enclosing function, or binds its
/// value.
#define ZDM_CONCAT_(a, b) a##b
#define ZDM_CONCAT(a, b) ZDM_CONCAT_(a, b)
#define ZDM_TRY(variable, expression)                                              \
  auto ZDM_CONCAT(zdm_result_, __LINE__) = (expression);                           \
  if (!ZDM_CONCAT(zdm_result_, __LINE__)) {                                        \
    return ::tl::unexpected(std::move(ZDM_CONCAT(zdm_result_, __LINE__)).error()); \
  }                                                                                \
  variable = std::move(*ZDM_CONCAT(zdm_result_, __LINE__))
/// The same for a Result<void>, or a Result whose value is not needed.
#define ZDM_CHECK(expression)                               \
  if (auto zdm_check_ = (expression); !zdm_check_) {        \
    return ::tl::unexpected(std::move(zdm_check_).error()); \
  }
