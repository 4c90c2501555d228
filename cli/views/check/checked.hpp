#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gate/check_sql.hpp"
#include "gate/finding.hpp"
#include "gate/sql_file.hpp"

namespace zdm::cli {

/// What the views of `zdm check` draw.
struct Checked {
  std::string base;  ///< what head was compared with, in words
  std::string head;
  std::vector<planner::SqlFile> files;     ///< every file that was read
  std::vector<planner::Finding> findings;  ///< suppressed ones too, in the order of the files
  std::size_t statements = 0;
  std::size_t unanalysed = 0;
  bool strict = false;                        ///< warnings count like errors
  std::vector<planner::StatementCost> costs;  ///< --explain-locks
};

struct CheckCounts {
  std::size_t errors = 0;
  std::size_t warnings = 0;
  std::size_t suppressed = 0;  ///< counted nowhere else
};

[[nodiscard]] CheckCounts counts_of(const std::vector<planner::Finding>& findings);

/// A name for each finding that stays when lines move: SHA-256, in hexadecimal digits, over rule,
/// path, the statement without its layout, and which of several equal ones it is.
[[nodiscard]] std::vector<std::string> fingerprints(const std::vector<planner::Finding>& findings);

/// The path without "./" in front.
[[nodiscard]] std::string plain_path(std::string_view path);

/// 3, "file" → "3 files".
[[nodiscard]] std::string counted(std::size_t number, std::string_view noun);

}  // namespace zdm::cli
