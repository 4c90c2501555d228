#include "execute/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zdm::migrations {
namespace {

using planner::Migration;

std::optional<Phase> first_open(const LedgerState& state, const Migration& migration) {
  const auto done = state.done(migration.id);
  if (!done) return Phase::expand;
  // Corrected expressions go through backfill once more: the trigger is installed anew, and what
  // was filled is verified.
  if (*done == Phase::backfill && is_amended(state, migration)) return Phase::backfill;
  return planner::next(*done);
}

std::optional<std::string> reason_to_pass(const ApplyRequest& request, const LedgerState& state,
                                          const Migration& migration) {
  const MigrationRow* row = state.migration(migration.id);
  const bool resumed = request.options.resume == migration.id;
  if (row != nullptr && row->held && !resumed) {
    return fmt::format("held: {}; zdm apply --resume {} takes it up again", *row->held,
                       migration.id.value);
  }
  if (migration.hold) return fmt::format("parked by its file: {}", *migration.hold);
  const auto verdict = judge_of(request, state).may_apply_checkout();
  if (!verdict.goes()) return verdict.reason;
  return std::nullopt;
}

Result<void> check_order(const ApplyRequest& request, const LedgerState& state,
                         const Migration& migration) {
  if (!request.options.phase || request.options.fresh) return {};
  const Choice choice = choose(request, state, migration);
  if (choice.phases.empty()) return {};
  const auto first = first_open(state, migration);
  const Phase asked = *request.options.phase;
  if (first && *first < asked) {
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{} of {} comes before {} and is not done yet", planner::to_string(*first),
                    migration.id.value, planner::to_string(asked)),
        fmt::format("zdm apply --phase {} {}", planner::to_string(*first), migration.id.value));
  }
  const auto verdict =
      judge_of(request, state).may_start(migration, asked, planner::Asked::by_name);
  if (!verdict.goes()) {
    return planner::fail(ErrorCode::refused, verdict.reason, verdict.next);
  }
  return {};
}

Result<void> check_direction(const ApplyRequest& request, const LedgerState& state) {
  for (const PhaseRow& row : state.phases) {
    const bool undoing = is_half_done(row.state) && row.direction == Direction::undo;
    if (!undoing || !is_selected(request.options.only, row.id)) continue;
    return planner::fail(ErrorCode::refused,
                         fmt::format("a rollback of {} is in progress: {} is half undone",
                                     row.id.value, planner::to_string(row.phase)),
                         fmt::format("finish it: zdm rollback {}", row.id.value));
  }
  return {};
}

/// A release below the floor is refused here; one that is only older has nothing to do (choose).
Result<void> check_floor(const ApplyRequest& request, const LedgerState& state) {
  const auto verdict = judge_of(request, state).may_apply_checkout();
  if (verdict.answer != planner::Answer::refuse) return {};
  return planner::fail(ErrorCode::refused, verdict.reason, verdict.next);
}

constexpr std::string_view kCorrectable = "up, down, on_error, user_triggers or compatible";

Result<void> check_file(const LedgerState& state, const MigrationRow& row, const Migration& file) {
  if (row.checksum != file.checksum) {
    return planner::fail(
        ErrorCode::drift,
        fmt::format("{} changed after it was applied here ({} is done)", file.path,
                    state.done(row.id) ? planner::to_string(*state.done(row.id)) : "part of it"),
        "put its changes back as they were; what more is needed goes into a new migration");
  }
  if (row.expressions_checksum == file.expressions_checksum) return {};
  const auto done = state.done(row.id);
  if (done && *done >= Phase::switch_) {
    return planner::fail(
        ErrorCode::drift,
        fmt::format("{} of {} changed after switch was applied here", kCorrectable, file.path),
        "put them back as they were; after switch they can no longer be corrected");
  }
  if (file.amended) return {};
  return planner::fail(
      ErrorCode::drift,
      fmt::format("{} of {} changed after it was applied here", kCorrectable, file.path),
      "put them back, or say why they were corrected: amended = \"reason\"");
}

}  // namespace

ReleaseJudge judge_of(const ApplyRequest& request, const LedgerState& state) {
  return ReleaseJudge({.state = state,
                       .migrations = request.migrations,
                       .cut = request.cut_releases,
                       .assume_live = request.assume_live,
                       .deploying = request.options.release});
}

const Migration* find_migration(const std::vector<Migration>& migrations, const MigrationId& id) {
  const auto found = std::ranges::find(migrations, id, &Migration::id);
  return found == migrations.end() ? nullptr : &*found;
}

bool is_selected(const std::vector<MigrationId>& only, const MigrationId& id) {
  return only.empty() || std::ranges::find(only, id) != only.end();
}

bool is_amended(const LedgerState& state, const Migration& migration) {
  const MigrationRow* row = state.migration(migration.id);
  return row != nullptr && state.started(migration.id) &&
         row->expressions_checksum != migration.expressions_checksum;
}

Choice choose(const ApplyRequest& request, const LedgerState& state, const Migration& migration) {
  if (!is_selected(request.options.only, migration.id)) return {};
  const auto first = first_open(state, migration);
  const auto named = request.options.phase;
  if (!first || (named && *first > *named)) return {};
  const Phase wanted = named ? *named : *first;
  if (wanted > migration.phase) {
    if (!named) return {};
    return {.phases = {},
            .skipped = wanted,
            .reason =
                fmt::format("its file takes it as far as {}", planner::to_string(migration.phase))};
  }
  if (const auto reason = reason_to_pass(request, state, migration)) {
    return {.phases = {}, .skipped = wanted, .reason = *reason};
  }
  if (named) return {.phases = {*named}, .skipped = {}, .reason = {}};
  Choice choice;
  for (const Phase phase : planner::kPhases) {
    if (phase >= *first && phase <= migration.phase) choice.phases.push_back(phase);
  }
  return choice;
}

Result<void> check_names(const std::vector<Migration>& migrations,
                         const std::vector<MigrationId>& names) {
  for (const MigrationId& id : names) {
    if (find_migration(migrations, id) != nullptr) continue;
    return planner::fail(ErrorCode::usage, fmt::format("there is no migration {}", id.value),
                         "zdm status lists them");
  }
  return {};
}

Result<void> check_drift(const std::vector<Migration>& migrations, const LedgerState& state) {
  for (const MigrationRow& row : state.migrations) {
    const Migration* file = find_migration(migrations, row.id);
    if (file != nullptr && state.started(row.id)) ZDM_CHECK(check_file(state, row, *file));
  }
  return {};
}

Result<void> check_before(const ApplyRequest& request, const LedgerState& state) {
  ZDM_CHECK(check_names(request.migrations, request.options.only));
  if (request.options.resume) {
    ZDM_CHECK(check_names(request.migrations, {*request.options.resume}));
  }
  ZDM_CHECK(check_drift(request.migrations, state));
  ZDM_CHECK(check_direction(request, state));
  ZDM_CHECK(check_floor(request, state));
  for (const Migration& migration : request.migrations) {
    ZDM_CHECK(check_order(request, state, migration));
  }
  return {};
}

}  // namespace zdm::migrations
