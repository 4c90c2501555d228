#include <fmt/format.h>

#include <algorithm>

#include "redact.hpp"
#include "text_width.hpp"
#include "views/check/formats.hpp"
#include "views/completion/script.hpp"
#include "views/text.hpp"
#include "views/view.hpp"

namespace zdm::cli {

void draw(const InitReport& report, Console& console) {
  for (const auto& path : report.created) console.out.line(fmt::format("wrote {}", path));
  if (report.begun) return;
  console.note("zdm: next: set [database] url in zdm.toml, then zdm new KIND NAME key=value…");
}

void draw(const NewReport& report, Console& console) {
  console.out.line(fmt::format("wrote {}", report.path));
  if (report.missing.empty()) return;
  console.note(fmt::format(
      "zdm: it does not load yet: fill in {} and take the # away; then zdm plan shows what it does",
      fmt::join(report.missing, ", ")));
}

void draw(const VerifyAnswer& answer, Console& console) {
  auto& out = console.out;
  if (answer.verified.migrations.empty()) out.line("nothing to verify: no backfill has begun");
  for (const auto& migration : answer.verified.migrations) {
    const auto text = fmt::format("{}: {} rows compared, {} differ", migration.id.value,
                                  count_text(migration.rows), count_text(migration.differing));
    out.line(migration.differing == 0 ? text : out.red(text));
    if (migration.samples.empty()) continue;
    std::vector<std::vector<std::string>> rows = {{"  row", "old", "expected", "found"}};
    for (const auto& sample : migration.samples) {
      rows.push_back({"  " + printable(sample.key), printable(sample.old_value),
                      printable(sample.expected), printable(sample.found)});
    }
    for (const auto& line : aligned(rows)) out.line(line);
  }
}

void draw(const ReleaseAnswer& answer, Console& console) {
  auto& out = console.out;
  const auto& release = answer.release;
  switch (answer.verb) {
    case ReleaseVerb::cut:
      out.line(fmt::format("{} {}{}", answer.already ? "was cut already:" : "cut", release.release,
                           release.parent.empty() ? "" : " after " + release.parent));
      console.note("zdm: commit zdm.lock");
      break;
    case ReleaseVerb::live:
      if (release.ok) out.line(fmt::format("{} is live", release.release));
      break;
    case ReleaseVerb::floor:
      // Bare, for scripts; nothing at all where every release may run.
      if (!release.floor.empty()) out.line(release.floor);
      break;
    case ReleaseVerb::check:
      if (release.ok) out.line(fmt::format("{} may run against this database", release.release));
      break;
  }
  if (answer.verb == ReleaseVerb::floor && release.floor.empty()) {
    console.note("zdm: no floor: nothing was contracted, every release may run");
  }
  const bool said = !release.ok;  // the first reason is the error's message
  for (std::size_t i = said ? 1 : 0; i < release.reasons.size(); ++i)
    console.note("  " + release.reasons[i]);
}

void draw(const ConfigReport& report, Console& console) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& setting : report.settings) {
    rows.push_back({setting.key, redacted(printable(setting.value)), setting.source});
  }
  for (const auto& line : aligned(rows)) console.out.line(line);
}

void draw(const CheckAnswer& answer, Console& console) {
  draw_findings(answer.checked, console);
}

void draw(const CompletionReport& report, Console& console) {
  const auto script = report.shell == "bash"  ? bash_script()
                      : report.shell == "zsh" ? zsh_script()
                                              : fish_script();
  console.out.write(script);
}

void draw_text(const Answer& answer, Console& console) {
  std::visit(
      [&console](const auto& report) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(report)>, std::monostate>) {
          draw(report, console);
        }
      },
      answer.report);
}

}  // namespace zdm::cli
