#include "program.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>

#include "commands/context.hpp"
#include "commands/table.hpp"
#include "files/project.hpp"
#include "host/host.hpp"
#include "metrics.hpp"
#include "parse.hpp"
#include "redact.hpp"
#include "signals.hpp"
#include "sql/big_stack.hpp"
#include "terminal.hpp"
#include "views/view.hpp"

namespace zdm::cli {
namespace {

/// Draws the answer, and ends with the exit code, or 1 when it could not be written down.
int finish(const Answer& answer, const std::string& format, std::string_view family,
           Console& console) {
  if (format == "json") {
    console.out.line(to_json(answer, family));
  } else if (std::holds_alternative<CheckAnswer>(answer.report)) {
    draw_check(answer, format, console);
  } else if (format == "sql" && std::holds_alternative<PlanAnswer>(answer.report)) {
    draw_sql(std::get<PlanAnswer>(answer.report), console.out);
  } else {
    draw_text(answer, console);
  }
  const bool written = console.out.finish();
  if (!written) {
    draw_error({.code = ErrorCode::failed,
                .message = "cannot write to standard output",
                .hint = "look at the space on its disk"},
               console);
  }
  if (answer.error) draw_error(*answer.error, console);
  const auto code = answer.exit_code();
  return !written && code == 0 ? static_cast<int>(ErrorCode::failed) : code;
}

/// A file that monitoring waits for and does not get is a failure of its own.
int write_metrics(const Arguments& arguments, const Answer& answer, const RunMetrics& run,
                  Console& console) {
  const auto path = arguments.value("--metrics-file");
  if (!path || arguments.has("--dry-run")) return run.exit_code;
  const auto written = cli::write_metrics(*path, run, answer.metrics, answer.kept_metrics);
  if (written) return run.exit_code;
  draw_error(written.error(), console);
  return run.exit_code == 0 ? static_cast<int>(ErrorCode::failed) : run.exit_code;
}

/// A stop that was asked for decides the exit code, whatever cancelling it broke.
void settle(Answer& answer, const Interrupts& interrupts, Work work) {
  if (!answer.error || !interrupts.stopped()) return;
  const bool cancelled = answer.error->sqlstate == "57014";
  if (work != Work::reads && !cancelled) return;
  answer.error->code = interrupts.reason();
  if (!cancelled) return;
  answer.error->message = "cancelled as asked: " + answer.error->message;
  if (work == Work::writes) answer.error->hint = "the same command carries on";
}

Answer work(const Arguments& arguments, migrations::Host& host, Console& console,
            std::string& database) {
  const auto& command = *arguments.command;
  std::optional<std::chrono::milliseconds> timeout;
  if (const auto text = arguments.value("--timeout")) {
    ZDM_ANSWER_TRY(timeout, migrations::parse_duration(*text));
  }
  if (arguments.has("--metrics-file") && arguments.has("--dry-run")) {
    return Answer::failed({.code = ErrorCode::usage,
                           .message = "a dry run has no metrics: nothing of it was done",
                           .hint = "leave out --metrics-file or --dry-run"});
  }
  Interrupts interrupts;
  if (command.work != Work::none) interrupts.watch(command.work, timeout);
  Context context(arguments, host, console, interrupts);
  Answer answer;
  const auto run = [&] { answer = command.function(context); };
  // Without the memory for it, what must be parsed says so where it is.
  if (!planner::run_on_big_stack(run)) run();
  if (arguments.has("--metrics-file")) {
    if (const auto config = context.config_without_database()) {
      database = config->database.display();
    }
  }
  settle(answer, interrupts, command.work);
  return answer;
}

Answer work_without_throwing(const Arguments& arguments, migrations::Host& host, Console& console,
                             std::string& database) {
  try {
    return work(arguments, host, console, database);
  } catch (const std::exception& error) {
    return Answer::failed({.code = ErrorCode::bug,
                           .message = fmt::format("this is a bug in zdm: {}", error.what()),
                           .hint = "nothing is lost: zdm status says where things stand"});
  }
}

int run_words(const std::vector<std::string>& words) {
  migrations::RealHost host;
  auto parsed = parse(words);
  auto console = make_console(parsed ? parsed->arguments : Arguments{}, host);
  if (!parsed) {
    const auto format = wants_json(words) ? "json" : "text";
    return finish(Answer::failed(parsed.error()), format, family_of(words), console);
  }
  switch (parsed->ask) {
    case Parsed::Ask::version:
      console.out.line("zdm " ZDM_VERSION);
      break;
    case Parsed::Ask::help:
      console.out.write(help_text(parsed->help_topic));
      break;
    case Parsed::Ask::run: {
      const auto& arguments = parsed->arguments;
      if (holds_password(arguments.value("--database").value_or(""))) {
        console.warn(
            "a password among the arguments can be read by every user of this machine; "
            "DATABASE_URL or ~/.pgpass keeps it");
      }
      const auto start = host.steady();
      std::string database;
      const auto answer = work_without_throwing(arguments, host, console, database);
      const int code = finish(answer, arguments.format, arguments.command->family(), console);
      return write_metrics(arguments, answer,
                           {.command = arguments.command->name,
                            .database = database,
                            .exit_code = code,
                            .ended = host.now(),
                            .took = host.steady() - start},
                           console);
    }
  }
  return console.out.finish() ? 0 : static_cast<int>(ErrorCode::failed);
}

}  // namespace

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not end a migration midway
  return run_words(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}

}  // namespace zdm::cli
