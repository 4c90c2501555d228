#pragma once

#include <optional>
#include <string_view>

#include "sql/expression.hpp"

namespace zdm::planner {

/// Finds what PostgreSQL's lexer would read for seconds or minutes: it looks ahead over a whole run
/// of operator characters at each comment that starts within the run, and trims trailing signs off
/// a run one at a time (measured with libpg_query 15: 60 kB of "/*" take 15 s). Such a text is a
/// fault: operators of more than 63 bytes, which PostgreSQL cannot have, and runs of comment
/// openers.
[[nodiscard]] std::optional<SqlFault> costly_signs(std::string_view text);

}  // namespace zdm::planner
