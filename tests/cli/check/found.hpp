#pragma once

#include <string>

#include "views/check/checked.hpp"

namespace zdm::tests {

/// A file, and a finding at the first place where it holds `part`.
[[nodiscard]] inline planner::SqlFile sql_file(const std::string& path, const std::string& bytes) {
  return {.path = path, .bytes = bytes, .shipped = bytes};
}

/// At the characters of `line`, from `column` up to `end_column`.
[[nodiscard]] inline planner::Finding found(const std::string& rule, const std::string& file,
                                            int line, int column, int end_column) {
  planner::Finding finding;
  finding.rule = rule;
  finding.where = {file, line, column, line, end_column};
  finding.message = "the running release still reads it";
  finding.help = "drop it one release later";
  finding.statement = "ALTER TABLE users DROP COLUMN name";
  finding.objects = {"public.users.name"};
  finding.locks = {{"public.users", planner::LockMode::access_exclusive}};
  return finding;
}

/// Text that every format must be able to carry: markup, controls, bytes that are not UTF-8.
// NOLINTBEGIN(misc-misleading-bidirectional): it is to mislead
inline const std::string kHostile =
    "<a "
    "href=\"x\">&amp;'%0A::error::]]>\n\t\x1b[2J\r\x01\x7f\xff\xc0\xaf\xed\xa0\x80日本\xe2\x80\xae";
// NOLINTEND(misc-misleading-bidirectional)

}  // namespace zdm::tests
