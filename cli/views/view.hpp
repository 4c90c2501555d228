#pragma once

#include <string>
#include <string_view>

#include "report.hpp"
#include "terminal.hpp"

namespace zdm::cli {

/// Draws the report on standard output for a person.
void draw_text(const Answer& answer, Console& console);

/// Draws a plan as SQL with comments, fit for review or for psql.
void draw_sql(const PlanAnswer& answer, Stream& out);

/// Draws what the gate found: text, sarif, github, gitlab or junit.
void draw_check(const Answer& answer, std::string_view format, Console& console);

/// The one object of --format json. `family` is the command's first word; "" where no command was
/// understood, which gives the schema zdm.error/1.
[[nodiscard]] std::string to_json(const Answer& answer, std::string_view family);

/// Draws an error on standard error: what, where with the line and a caret, what to do, who blocks.
void draw_error(const Error& error, Console& console);

/// Help on "", "plan", "release" or "release cut".
[[nodiscard]] std::string help_text(std::string_view topic);

}  // namespace zdm::cli
