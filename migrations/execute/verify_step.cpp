#include <fmt/format.h>

#include "backfill/backfill.hpp"
#include "execute/steps.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

constexpr std::size_t kSamples = 10;

Error divergence(const planner::TableName& table, const Verification& verification, Shapes after) {
  std::string message =
      fmt::format("{} of {} rows of {} differ between the old and the new shape{}",
                  verification.differing, verification.rows, planner::quote(table),
                  after == Shapes::both ? "" : ", or have no value in the new one");
  if (!verification.samples.empty()) {
    const DivergentRow& row = verification.samples.front();
    message += fmt::format("; for one, {}: old {}, expected {}, found {}", row.key, row.old_value,
                           row.expected, row.found);
  }
  if (after == Shapes::both) {
    return {.code = ErrorCode::refused,
            .message = std::move(message),
            .hint =
                "see them with zdm verify, repair them and run the same command again; or accept "
                "rows whose writer gave both sides with --allow divergent-rows"};
  }
  return {.code = ErrorCode::refused,
          .message = message + "; nothing was dropped",
          .hint =
              "see them with zdm verify, write the right value into the new shape and run the same "
              "command again; or let the old values of such rows go with --allow divergent-rows"};
}

/// Reads only, so a lost connection means just another look.
Result<Verification> compare(Session& session, const planner::VerifyAction& action, Shapes after) {
  for (int tries = 0;; ++tries) {
    auto verification = verify_table(session.work(), action.table, action.fills, after, kSamples);
    if (verification || !is_lost(verification.error()) || tries == 3) return verification;
    ZDM_CHECK(session.reconnect());
  }
}

}  // namespace

Result<std::int64_t> require_agreement(Session& session, const planner::VerifyAction& action,
                                       Shapes after) {
  ZDM_TRY(const Verification verification, compare(session, action, after));
  if (verification.differing > 0 && !session.allowed("divergent-rows")) {
    return planner::fail(divergence(action.table, verification, after));
  }
  return verification.rows;
}

Result<StepOutcome> run_verify_step(const PhaseRun& run, const StepRow& row) {
  Session& session = run.session;
  const auto start = session.environment().host.steady();
  const auto& action = std::get<planner::VerifyAction>(row.step.action);
  const Shapes after = run.phase == Phase::contract ? Shapes::new_alone : Shapes::both;
  ZDM_TRY(const std::int64_t rows, require_agreement(session, action, after));
  ZDM_CHECK(record_done(run, row, elapsed_ms(session.environment().host, start), rows));
  return StepOutcome{.attempts = 1, .rows = rows};
}

}  // namespace zdm::migrations
