#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/finding.hpp"
#include "gate/sql_file.hpp"

namespace zdm::migrations {

/// Whose files these are: which part of them ships, and how it is sent.
enum class Dialect {
  plain,
  psql,
  flyway,
  dbmate,
  goose,
  golang_migrate,
  sqitch,
  laravel_pretend,
};

/// "plain", "psql", "flyway", "dbmate", "goose", "golang-migrate", "sqitch", "laravel-pretend".
[[nodiscard]] std::string_view to_string(Dialect dialect);
/// The words of all of them.
[[nodiscard]] std::vector<std::string_view> dialect_names();
/// ErrorCode::usage with a suggestion.
[[nodiscard]] planner::Result<Dialect> parse_dialect(std::string_view text);

/// A file as found, before anything is known of it.
struct RawFile {
  std::string path;  ///< as shown to people; "-" is standard input
  std::string bytes;
  std::string settings;  ///< of the file beside it that Flyway reads, V1__x.sql.conf
};

/// By the name and by signs in the text.
[[nodiscard]] Dialect detect_dialect(const RawFile& file);

/// What a file comes to.
struct GateFile {
  /// Each is sent on its own. None where nothing of the file ships; several share `bytes`.
  std::vector<planner::SqlFile> parts;
  std::vector<planner::Finding> findings;  ///< what could not be read: \i, \gexec
};

/// Blanks what does not ship and says how the rest is sent. A comment `zdm:transaction=on` or `off`
/// in the file has the last word on that.
[[nodiscard]] GateFile read_dialect(RawFile raw, Dialect dialect);

/// The file takes the schema back, or checks it: U1__x.sql, x.down.sql, revert/x.sql.
[[nodiscard]] bool never_ships(std::string_view path, Dialect dialect);

}  // namespace zdm::migrations
