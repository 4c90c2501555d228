#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"
#include "model/step.hpp"

/// The gate, `zdm check`: what would break the release that is still running, or block it.
namespace zdm::planner {

/// What a team wants a rule to be. `off` rules are not run.
enum class Severity { off, warning, error };

/// "off", "warning", "error".
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view text);

/// A mechanical replacement of bytes of the file.
struct Fix {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string text;  ///< what stands there instead; may hold a second statement

  friend bool operator==(const Fix&, const Fix&) = default;
};

/// What the gate says about one place of one file.
struct Finding {
  std::string rule;  ///< its id: "drop-column"
  Severity severity = Severity::error;
  SourceSpan where;                  ///< of what is wrong, not of the whole statement
  std::string message;               ///< one sentence: what happens, to whom
  std::string help;                  ///< what to do instead; may hold SQL to paste
  std::string statement;             ///< its text, without the comments before it
  std::vector<std::string> objects;  ///< schema.name, quoted as SQL needs
  std::vector<LockClaim> locks;      ///< what the statement takes
  std::optional<Fix> fix;
  std::optional<std::string> suppressed;  ///< the reason of the zdm:allow that covers it
};

}  // namespace zdm::planner
