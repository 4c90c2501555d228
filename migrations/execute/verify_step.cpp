#include <fmt/format.h>

#include <algorithm>

#include "backfill/backfill.hpp"
#include "execute/steps.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

constexpr std::size_t kSamples = 10;

/// The message up to what becomes of it.
std::string count_of(const planner::TableName& table, const Verification& verification,
                     std::string_view differ) {
  std::string message = fmt::format("{} of {} rows of {} {}", verification.differing,
                                    verification.rows, planner::quote(table), differ);
  if (verification.samples.empty()) return message;
  const DivergentRow& row = verification.samples.front();
  return message + fmt::format("; for one, {}: old {}, expected {}, found {}", row.key,
                               row.old_value, row.expected, row.found);
}

/// A row may be a sample of several changes.
std::string keys_of(const Verification& verification) {
  std::vector<std::string> keys;
  for (const DivergentRow& row : verification.samples) {
    if (std::ranges::find(keys, row.key) == keys.end()) keys.push_back(row.key);
  }
  const bool more = verification.differing > static_cast<std::int64_t>(keys.size());
  return fmt::format("{}{}", fmt::join(keys, ", "), more ? ", …" : "");
}

Error divergence(const planner::TableName& table, const Verification& verification, Shapes after) {
  Error error{.code = ErrorCode::refused};
  switch (after) {
    case Shapes::both:
      error.message = count_of(table, verification, "differ between the old and the new shape");
      error.hint =
          "see them with zdm verify, repair them and run the same command again; or accept "
          "rows whose writer gave both sides with --allow divergent-rows";
      return error;
    case Shapes::new_alone:
      error.message = count_of(table, verification,
                               "differ between the old and the new shape, or have no value in the "
                               "new one") +
                      "; nothing was dropped";
      error.hint =
          "see them with zdm verify, write the right value into the new shape and run the same "
          "command again; or let the old values of such rows go with --allow divergent-rows";
      return error;
    case Shapes::old_alone:
      error.message = count_of(table, verification,
                               "have a value in the new shape that the old one does not give back "
                               "(" +
                                   keys_of(verification) + ")") +
                      "; nothing was undone";
      error.hint =
          "write the right value into the old shape and run the same command again; or let the new "
          "values of such rows go with --allow divergent-rows";
      return error;
  }
  return error;
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
