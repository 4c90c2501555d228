#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "execute/operations.hpp"
#include "files/project.hpp"
#include "gate/rule.hpp"
#include "matviews/matviews.hpp"
#include "metrics.hpp"
#include "model/error.hpp"
#include "model/phase.hpp"
#include "partitions/operations.hpp"
#include "recipes/recipe.hpp"
#include "views/check/checked.hpp"

/// What commands give back and views draw. A report says what happened, never how it looks.
namespace zdm::cli {

using planner::Error;
using planner::ErrorCode;
using planner::Phase;
using planner::Result;

/// `zdm init`.
struct InitReport {
  std::vector<std::string> created;
  bool begun = false;  ///< zdm.toml was there before
};

/// `zdm new`.
struct NewReport {
  std::string path;
  std::vector<std::string> missing;  ///< required keys left to the author; empty: the file loads
};

/// A migration's file, as far as views speak of it.
struct FileNote {
  std::string id;
  std::string path;
  Phase phase = Phase::expand;  ///< how far the checkout may take it
  bool hold = false;            ///< the file itself parks it
};

/// `zdm plan`.
struct PlanAnswer {
  migrations::PlanReport plan;
  std::vector<FileNote> files;
};

/// `zdm apply` and `zdm rollback`.
struct ApplyAnswer {
  migrations::ApplyReport applied;
  bool undo = false;
  bool failed = false;  ///< an error follows: an empty report does not mean that nothing was to do
};

/// `zdm status`.
struct StatusAnswer {
  migrations::StatusReport status;
  std::vector<FileNote> files;
  std::string release;  ///< that apply would take: ZDM_RELEASE, else the last one cut; or empty
};

/// `zdm verify`.
struct VerifyAnswer {
  migrations::VerifyReport verified;
};

enum class ReleaseVerb { cut, live, floor, check };

/// `zdm release …`.
struct ReleaseAnswer {
  ReleaseVerb verb = ReleaseVerb::cut;
  migrations::ReleaseReport release;
  bool already = false;  ///< cut: the identical release was there
};

/// `zdm config`.
struct ConfigReport {
  std::vector<migrations::Setting> settings;
};

/// The words of zdm-phases(7) on one phase.
struct PhaseWords {
  Phase phase = Phase::expand;
  std::string_view does;
  std::string_view running;  ///< which releases may run meanwhile
  std::string_view undo;
  std::string_view ships;  ///< when it may be applied
};

/// `zdm matview list`.
struct MatviewListAnswer {
  migrations::MatviewListReport listed;
};

/// `zdm matview refresh`.
struct MatviewRefreshAnswer {
  migrations::MatviewRefreshReport refreshed;
};

/// `zdm check`.
struct CheckAnswer {
  Checked checked;
};

/// `zdm explain`: a kind, a phase or a rule of the gate.
struct ExplainReport {
  const planner::KindInfo* kind = nullptr;
  const PhaseWords* phase = nullptr;
  const planner::Rule* rule = nullptr;
};

/// `zdm completion`.
struct CompletionReport {
  std::string shell;  ///< one of shells()
};

/// `zdm partition …`.
enum class PartitionVerb { list, plan, rotate };
struct PartitionAnswer {
  PartitionVerb verb = PartitionVerb::list;
  migrations::PartitionReport report;
};

using Report =
    std::variant<std::monostate, PartitionAnswer, InitReport, NewReport, PlanAnswer, ApplyAnswer,
                 StatusAnswer, VerifyAnswer, ReleaseAnswer, ConfigReport, ExplainReport,
                 CheckAnswer, CompletionReport, MatviewListAnswer, MatviewRefreshAnswer>;

/// What a command ends with. `error` decides the exit code; without one it is 0, or 4 where pending
/// work was asked about.
struct Answer {
  Report report;
  std::optional<Error> error;
  bool pending = false;
  bool refused = false;              ///< what was found, and is drawn, decides: no error besides
  std::vector<Metric> metrics = {};  ///< for --metrics-file, besides those of every run
  /// Which sets or views there are: what the file said of others is forgotten. Nothing: not known.
  std::optional<std::vector<std::string>> kept_metrics = {};

  [[nodiscard]] static Answer failed(Error error) {
    return {.report = {}, .error = std::move(error), .pending = false};
  }
  [[nodiscard]] int exit_code() const {
    if (error) return static_cast<int>(error->code);
    if (refused) return static_cast<int>(ErrorCode::refused);
    return pending ? static_cast<int>(ErrorCode::pending) : 0;
  }
};

/// ZDM_TRY for functions that return an Answer.
#define ZDM_ANSWER_TRY(variable, expression)                                                 \
  auto ZDM_CONCAT(zdm_answer_, __LINE__) = (expression);                                     \
  if (!ZDM_CONCAT(zdm_answer_, __LINE__)) {                                                  \
    return ::zdm::cli::Answer::failed(std::move(ZDM_CONCAT(zdm_answer_, __LINE__)).error()); \
  }                                                                                          \
  variable = std::move(*ZDM_CONCAT(zdm_answer_, __LINE__))

}  // namespace zdm::cli
