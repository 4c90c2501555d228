#include "commands/table.hpp"

#include <array>

#include "commands/commands.hpp"
#include "commands/words.hpp"
#include "gate/dialect.hpp"

namespace zdm::cli {
namespace {

using namespace std::string_view_literals;

constexpr std::array kText = {"text"sv};
constexpr std::array kTextJson = {"text"sv, "json"sv};
constexpr std::array kPlanFormats = {"text"sv, "json"sv, "sql"sv};

constexpr std::array kCheckFormats = {"text"sv,   "json"sv,   "sarif"sv,
                                      "github"sv, "gitlab"sv, "junit"sv};

constexpr std::array kMigrations = {
    Positional{"MIGRATION", false, true, "ids or files; without any, all of them"}};
constexpr std::array kOneMigration = {
    Positional{"MIGRATION", false, false, "its id; without it, the one applied last"}};
constexpr std::array kOneRelease = {Positional{"RELEASE", true, false, "the release's name"}};
constexpr std::array kTopic = {
    Positional{"TOPIC", true, false, "a kind of change, a phase, or a rule", topics}};
constexpr std::array kNewPositionals = {
    Positional{"KIND", true, false, "what changes: see zdm explain KIND", kind_names},
    Positional{"NAME", true, false, "letters, digits, - and _; becomes part of the file's name"},
    Positional{"key=value", false, true, "keys of the change, as in the file"}};

constexpr std::array kShell = {Positional{"SHELL", true, false, "bash, zsh or fish", shells}};

constexpr std::array kSets = {
    Positional{"SET", false, true, "sets of zdm.toml; without any, all of them"}};

constexpr Flag kDryRun{"--dry-run", "", "", Arity::none, "show what would run; change nothing"};
constexpr Flag kExitCode{"--exit-code", "", "", Arity::none, "exit 4 when work is pending"};

constexpr std::array kInitFlags = {Flag{"--template", "", "NAME…", Arity::greedy,
                                        "templates to write besides zdm.toml and migrations/",
                                        template_names}};
constexpr std::array kPlanFlags = {
    Flag{"--phase", "", "P", Arity::one, "only this phase: expand, backfill, switch, contract",
         phase_names},
    kExitCode};
constexpr std::array kApplyFlags = {
    Flag{"--phase", "", "P|all", Arity::one, "expand, backfill, switch, contract, or all",
         phases_to_apply},
    Flag{"--release", "", "R", Arity::one,
         "the release being deployed (default: ZDM_RELEASE, else the last cut)"},
    kDryRun, Flag{"--fresh", "", "", Arity::none, "build an empty database to every file's phase"},
    Flag{"--resume", "", "MIGRATION", Arity::one, "take a held migration up again"}};
constexpr std::array kStatusFlags = {
    Flag{"--watch", "", "", Arity::none, "draw it again every two seconds until Ctrl-C"},
    kExitCode};
constexpr std::array kRollbackFlags = {
    Flag{"--to", "", "P|none", Arity::one, "the phase that stays; none undoes all of them",
         phases_to_keep},
    kDryRun};
constexpr std::array kCutFlags = {
    Flag{"--from", "", "RELEASE", Arity::one, "cut a hotfix of that older release"},
    Flag{"--baseline", "", "", Arity::none,
         "the first release: what is there has shipped, and is not checked"}};
constexpr std::array kCheckFlags = {
    Flag{"--to", "", "R", Arity::one, "the release that is to run against this database"}};

constexpr Flag kNow{"--now", "", "TIME", Arity::one,
                    "rehearse as if it were then; not with a real rotation"};
constexpr std::array kPartitionPlanFlags = {kNow};
constexpr std::array kRotateFlags = {kDryRun, kNow};

constexpr std::array kPaths = {
    Positional{"PATH", false, true,
               "SQL files, directories or patterns, - for standard input; without any, zdm's own "
               "migrations and [gate] sql"}};
constexpr std::array kGateFlags = {
    Flag{"--explain-locks", "", "", Arity::none, "the locks that each statement takes"},
    Flag{"--fix", "", "", Arity::none, "show what can be mended mechanically, and mend it"},
    Flag{"--since", "", "REV", Arity::one, "what runs is this revision of git"},
    Flag{"--base", "", "DIR", Arity::one, "what runs is this checkout"},
    Flag{"--dialect", "", "D", Arity::one, "whose files they are, where their signs do not say",
         migrations::dialect_names},
    Flag{"--postgres", "", "N", Arity::one, "the server's major version, 12 to 18",
         postgres_majors},
    Flag{"--strict", "", "", Arity::none, "warnings count like errors"}};

constexpr std::array kMatviews = {
    Positional{"NAME", false, true, "materialized views; without any, all of them"}};
constexpr std::array kRefreshFlags = {
    Flag{"--due", "", "", Arity::none, "only those older than their `every` in zdm.toml"},
    Flag{"--jobs", "", "N", Arity::one, "how many views at once, where the order allows it"},
    Flag{"--method", "", "METHOD", Arity::one, "auto, concurrently or swap, whatever zdm.toml says",
         refresh_methods},
    Flag{"--create-index", "", "", Arity::none,
         "build the unique index that a view lacks to be refreshed concurrently"},
    Flag{"--blocking", "", "", Arity::none,
         "let readers wait for views that cannot be refreshed otherwise"}};

constexpr std::array kGlobals = {
    Flag{"--config", "", "FILE|none", Arity::one, "zdm.toml to use, instead of the nearest one"},
    Flag{"--database", "", "URL|none", Arity::one,
         "postgresql://…, key=value, or sqlite:FILE; none: plan without one"},
    Flag{"--format", "", "FORMAT", Arity::one, "how the result is drawn: text, json …"},
    Flag{"--color", "", "WHEN", Arity::one, "auto, always or never", color_choices},
    Flag{"--quiet", "-q", "", Arity::none, "no progress, no notes"},
    Flag{"--verbose", "-v", "", Arity::none, "say more: the SQL of steps and of errors"},
    Flag{"--yes", "", "", Arity::none,
         "do not ask: contract, check --fix, many drops of partitions"},
    Flag{"--no-input", "", "", Arity::none, "never ask"},
    Flag{"--allow", "", "HAZARD", Arity::each, "accept a hazard by name; may be repeated", hazards},
    Flag{"--lock-timeout", "", "DURATION", Arity::one,
         "the most anyone may wait behind one try for a lock"},
    Flag{"--lock-budget", "", "DURATION", Arity::one, "how long to try for one lock in all"},
    Flag{"--timeout", "", "DURATION", Arity::one,
         "the most the command may take; then it stops at a safe point, exit 6"},
    Flag{"--metrics-file", "", "FILE", Arity::one,
         "write there, for Prometheus, how the command went"},
    Flag{"--version", "", "", Arity::none, "print the version"},
    Flag{"--help", "-h", "", Arity::none, "print this"}};

constexpr std::array kCommands = {
    Command{"init",
            "[--template NAME…]",
            "write zdm.toml, migrations/ and chosen templates",
            {},
            kInitFlags,
            kTextJson,
            Work::none,
            run_init},
    Command{"new",
            "KIND NAME [key=value…]",
            "write the next migration file",
            kNewPositionals,
            {},
            kTextJson,
            Work::none,
            run_new},
    Command{"plan", "[MIGRATION…] [--phase P] [--exit-code]",
            "the four-phase plan: SQL, locks, warnings, what ships when", kMigrations, kPlanFlags,
            kPlanFormats, Work::reads, run_plan},
    Command{"apply", "--phase P|all [MIGRATION…]", "do that phase for every migration that may",
            kMigrations, kApplyFlags, kTextJson, Work::writes, run_apply},
    Command{"status", "[MIGRATION…] [--watch] [--exit-code]",
            "where each migration stands, and what comes next", kMigrations, kStatusFlags,
            kTextJson, Work::reads, run_status},
    Command{"rollback", "[MIGRATION] [--to P|none] [--dry-run]",
            "undo the last phase, or back to P; never past contract", kOneMigration, kRollbackFlags,
            kTextJson, Work::writes, run_rollback},
    Command{"verify",
            "[MIGRATION…]",
            "old against new shape, row by row",
            kMigrations,
            {},
            kTextJson,
            Work::reads,
            run_verify},
    Command{"check",
            "[PATH…] [--since REV|--base DIR] [--dialect D] [--postgres N] "
            "[--strict] [--fix] [--explain-locks]",
            "reject what would block or break the running release", kPaths, kGateFlags,
            kCheckFormats, Work::none, run_check},
    Command{"release cut", "RELEASE [--from RELEASE] [--baseline]",
            "record in zdm.lock what a release ships", kOneRelease, kCutFlags, kTextJson,
            Work::none, run_release_cut},
    Command{"release live",
            "RELEASE",
            "it serves, and everything older has drained",
            kOneRelease,
            {},
            kTextJson,
            Work::writes,
            run_release_live},
    Command{"release floor",
            "",
            "the oldest release that may still run here",
            {},
            {},
            kTextJson,
            Work::reads,
            run_release_floor},
    Command{"release check",
            "--to R",
            "exit 3 when R lies below the floor",
            {},
            kCheckFlags,
            kTextJson,
            Work::reads,
            run_release_check},
    Command{"partition list",
            "[SET…]",
            "each set with its bounds, rows, size, holes and horizon",
            kSets,
            {},
            kTextJson,
            Work::reads,
            run_partition_list},
    Command{"partition plan", "[SET…] [--now TIME]", "what rotate would do: SQL, locks, and why",
            kSets, kPartitionPlanFlags, kTextJson, Work::reads, run_partition_plan},
    Command{"partition rotate", "[SET…] [--dry-run] [--now TIME]",
            "make the partitions that are missing, retire those past keep", kSets, kRotateFlags,
            kTextJson, Work::writes, run_partition_rotate},
    Command{"matview list",
            "[NAME…]",
            "every materialized view: how it can be refreshed, how old it is",
            kMatviews,
            {},
            kTextJson,
            Work::reads,
            run_matview_list},
    Command{"matview refresh",
            "[NAME…] [--due] [--jobs N] [--method METHOD] [--create-index] [--blocking]",
            "refresh in order, while people read", kMatviews, kRefreshFlags, kTextJson,
            Work::writes, run_matview_refresh},
    Command{"explain",
            "KIND|PHASE|RULE",
            "the manual's words, in the terminal",
            kTopic,
            {},
            kText,
            Work::none,
            run_explain},
    Command{"config",
            "",
            "every setting with its value and where it came from",
            {},
            {},
            kTextJson,
            Work::none,
            run_config},
    Command{"completion",
            "bash|zsh|fish",
            "a script by which that shell completes zdm's words",
            kShell,
            {},
            kText,
            Work::none,
            run_completion},
};

constexpr std::array kGroups = {
    Group{"release", "cut releases, mark them live, ask which may still run"},
    Group{"partition", "range partitions: made ahead, rotated by cron"},
    Group{"matview", "materialized views: how they stand, and refresh them while people read"}};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}
std::span<const Group> groups() {
  return kGroups;
}
std::span<const Flag> global_flags() {
  return kGlobals;
}

}  // namespace zdm::cli
