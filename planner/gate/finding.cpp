#include "gate/finding.hpp"

namespace zdm::planner {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::off:
      return "off";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

std::optional<Severity> parse_severity(std::string_view text) {
  for (const auto each : {Severity::off, Severity::warning, Severity::error}) {
    if (to_string(each) == text) return each;
  }
  return std::nullopt;
}

}  // namespace zdm::planner
