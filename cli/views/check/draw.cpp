#include "views/check/formats.hpp"
#include "views/view.hpp"

namespace zdm::cli {

void draw_check(const Answer& answer, std::string_view format, Console& console) {
  const auto& checked = std::get<CheckAnswer>(answer.report).checked;
  if (format == "sarif") {
    console.out.line(to_sarif(checked, answer.error, ZDM_VERSION));
  } else if (format == "github") {
    console.out.write(to_github(checked));
  } else if (format == "gitlab") {
    console.out.line(to_gitlab(checked));
  } else if (format == "junit") {
    console.out.write(to_junit(checked));
  } else {
    draw_findings(checked, console);
  }
}

}  // namespace zdm::cli
