#include <cmath>
#include <nlohmann/json.hpp>

#include "progress_line.hpp"
#include "redact.hpp"
#include "views/json_parts.hpp"
#include "views/view.hpp"

namespace zdm::cli {
namespace {

using planner::MigrationPlan;
using planner::Step;

/// Bytes that are not UTF-8 are replaced, so that the object is JSON whatever the database holds.
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

Json phase_or_null(const std::optional<Phase>& phase) {
  return phase ? Json(planner::to_string(*phase)) : Json(nullptr);
}

Json step_json(const Step& step) {
  Json locks = Json::array();
  for (const auto& claim : step.locks) {
    locks.push_back({{"relation", claim.relation}, {"mode", planner::to_string(claim.mode)}});
  }
  return {{"id", step.id},
          {"kind", planner::to_string(step.kind)},
          {"sql", step.sql},
          {"locks", std::move(locks)},
          {"in_transaction", step.in_transaction},
          {"destructive", step.destructive},
          {"rewrites", step.rewrites},
          {"scans", step.scans},
          {"note", step.note}};
}

Json cost_json(const planner::StatementCost& cost) {
  Json locks = Json::array();
  for (const auto& claim : cost.locks) {
    locks.push_back({{"relation", claim.relation}, {"mode", planner::to_string(claim.mode)}});
  }
  return {{"file", cost.where.file},
          {"line", cost.where.line},
          {"column", cost.where.column},
          {"statement", redacted(cost.statement)},
          {"locks", std::move(locks)},
          {"rewrites", planner::to_string(cost.rewrites)},
          {"scans", planner::to_string(cost.scans)},
          {"in_transaction", cost.in_transaction}};
}

Json finding_json(const planner::Finding& finding) {
  Json locks = Json::array();
  for (const auto& claim : finding.locks) {
    locks.push_back({{"relation", claim.relation}, {"mode", planner::to_string(claim.mode)}});
  }
  Json fix = nullptr;
  if (finding.fix) {
    fix = {{"offset", finding.fix->offset},
           {"length", finding.fix->length},
           {"text", finding.fix->text}};
  }
  const auto& where = finding.where;
  return {{"rule", finding.rule},
          {"severity", planner::to_string(finding.severity)},
          {"file", where.file},
          {"line", where.line},
          {"column", where.column},
          {"end_line", where.end_line},
          {"end_column", where.end_column},
          {"message", finding.message},
          {"help", text_or_null(finding.help)},
          {"statement", text_or_null(redacted(finding.statement))},
          {"objects", finding.objects},
          {"locks", std::move(locks)},
          {"fix", std::move(fix)},
          {"suppressed", finding.suppressed ? Json(*finding.suppressed) : Json(nullptr)}};
}

Json plan_json(const MigrationPlan& migration) {
  Json phases = Json::array();
  for (const auto& phase : migration.phases) {
    Json steps = Json::array();
    for (const auto& step : phase.steps) steps.push_back(step_json(step));
    phases.push_back({{"phase", planner::to_string(phase.phase)},
                      {"state", planner::to_string(phase.state)},
                      {"steps", std::move(steps)}});
  }
  Json warnings = Json::array();
  for (const auto& warning : migration.warnings) {
    warnings.push_back({{"code", warning.code}, {"message", warning.message}});
  }
  return {{"id", migration.id.value},
          {"target", ""},
          {"description", migration.description},
          {"phases", std::move(phases)},
          {"warnings", std::move(warnings)}};
}

Json applied_json(const migrations::MigrationReport& migration, bool dry_run) {
  Json steps = Json::array();
  for (const auto& step : migration.steps) {
    steps.push_back({{"id", step.id},
                     {"state", step.state},
                     {"attempts", step.attempts},
                     {"duration_ms", step.duration_ms},
                     {"rows", step.rows}});
  }
  Json json = {{"id", migration.id.value},
               {"target", migration.target},
               {"phase", phase_or_null(migration.phase)},
               {"state", migration.state},
               {"steps", std::move(steps)}};
  if (!migration.reason.empty()) json["reason"] = migration.reason;
  if (migration.error) json["error"] = error_json(*migration.error);
  if (dry_run) json["sql"] = migration.sql;
  if (!migration.kept.empty()) json["kept"] = migration.kept;
  return json;
}

Json backfill_json(const std::optional<migrations::BackfillStatus>& backfill) {
  if (!backfill) return nullptr;
  return {{"rows_done", backfill->rows_done},
          {"rows_total", backfill->rows_total},
          {"percent", backfill->percent},
          {"rate", backfill->rate},
          {"eta_s", backfill->eta_s ? Json(*backfill->eta_s) : Json(nullptr)},
          {"throttled", text_or_null(backfill->throttled)}};
}

/// Null where there is no end.
Json whole_seconds(const std::optional<double>& seconds) {
  if (!seconds || !std::isfinite(*seconds)) return nullptr;
  return static_cast<std::int64_t>(*seconds);
}

Json set_json(const migrations::SetReport& set) {
  Json findings = Json::array();
  for (const auto& finding : set.findings) {
    findings.push_back({{"code", finding.code},
                        {"refusal", finding.refusal},
                        {"message", finding.message},
                        {"hint", text_or_null(finding.hint)}});
  }
  Json partitions = Json::array();
  for (const auto& row : set.partitions) {
    partitions.push_back({{"name", row.name},
                          {"lower", row.lower},
                          {"upper", row.upper},
                          {"rows", row.rows},
                          {"bytes", row.bytes ? Json(*row.bytes) : Json(nullptr)},
                          {"state", row.state}});
  }
  Json holes = Json::array();
  for (const auto& [lower, upper] : set.holes)
    holes.push_back({{"lower", lower}, {"upper", upper}});
  Json json = {{"table", set.table},
               {"created", set.created},
               {"attached", set.attached},
               {"detached", set.detached},
               {"dropped", set.dropped},
               {"archived", set.archived},
               {"kept", set.kept},
               {"next_upper_bound", text_or_null(set.next_upper_bound)},
               {"state", set.state},
               {"column", set.column},
               {"every", set.every},
               {"current_missing", set.current_missing},
               {"horizon_s", whole_seconds(set.horizon_s)},
               {"holes", std::move(holes)},
               {"partitions", std::move(partitions)},
               {"findings", std::move(findings)}};
  if (set.error) json["error"] = error_json(*set.error);
  return json;
}

Json partition_steps_json(const migrations::SetReport& set) {
  Json steps = Json::array();
  for (const auto& each : set.steps) {
    Json step = step_json(each.step);
    step["partition"] = each.partition;
    steps.push_back(std::move(step));
  }
  return steps;
}

Json status_json(const migrations::MigrationStatus& migration) {
  Json json = {{"id", migration.id.value},
               {"target", migration.target},
               {"phase", phase_or_null(migration.phase)},
               {"state", planner::to_string(migration.state)},
               {"next_phase", phase_or_null(migration.next_phase)},
               {"target_phase", migration.in_file ? Json(planner::to_string(migration.target_phase))
                                                  : Json(nullptr)},
               {"release", text_or_null(migration.release)},
               {"undoing", phase_or_null(migration.undoing)},
               {"backfill", backfill_json(migration.backfill)}};
  if (!migration.reason.empty()) json["reason"] = migration.reason;
  return json;
}

/// Each adds a report's own members to the object.
struct Members {
  Json& json;

  void operator()(const std::monostate&) const {}
  void operator()(const InitReport& report) const { json["created"] = report.created; }
  void operator()(const NewReport& report) const {
    json["path"] = report.path;
    json["missing"] = report.missing;
  }
  void operator()(const PlanAnswer& answer) const {
    json["database"] = answer.plan.engine == planner::Engine::sqlite ? "sqlite" : "postgresql";
    json["assumed"] = answer.plan.assumed;
    json["migrations"] = Json::array();
    for (const auto& migration : answer.plan.migrations) {
      json["migrations"].push_back(plan_json(migration));
    }
  }
  void operator()(const ApplyAnswer& answer) const {
    json["release"] = text_or_null(answer.applied.release);
    json["dry_run"] = answer.applied.dry_run;
    json["migrations"] = Json::array();
    for (const auto& migration : answer.applied.migrations) {
      json["migrations"].push_back(applied_json(migration, answer.applied.dry_run));
    }
  }
  void operator()(const StatusAnswer& answer) const {
    json["lease_holder"] = text_or_null(answer.status.lease_holder);
    json["migrations"] = Json::array();
    for (const auto& migration : answer.status.migrations) {
      json["migrations"].push_back(status_json(migration));
    }
  }
  void operator()(const PartitionAnswer& answer) const {
    json["now"] = text_or_null(answer.report.now);
    json["clock_skew_ms"] = answer.report.clock_skew_ms;
    json["dry_run"] = answer.report.dry_run;
    json["sets"] = Json::array();
    for (const auto& set : answer.report.sets) {
      json["sets"].push_back(set_json(set));
      if (answer.verb == PartitionVerb::plan) {
        json["sets"].back()["steps"] = partition_steps_json(set);
      }
    }
  }
  void operator()(const VerifyAnswer& answer) const {
    json["migrations"] = Json::array();
    for (const auto& migration : answer.verified.migrations) {
      Json samples = Json::array();
      for (const auto& sample : migration.samples) {
        samples.push_back({{"key", sample.key},
                           {"old", sample.old_value},
                           {"expected", sample.expected},
                           {"found", sample.found}});
      }
      json["migrations"].push_back({{"id", migration.id.value},
                                    {"target", migration.target},
                                    {"rows", migration.rows},
                                    {"differing", migration.differing},
                                    {"samples", std::move(samples)}});
    }
  }
  void operator()(const ReleaseAnswer& answer) const {
    json["release"] = text_or_null(answer.release.release);
    json["parent"] = text_or_null(answer.release.parent);
    json["floor"] = text_or_null(answer.release.floor);
    json["live"] = text_or_null(answer.release.live);
    json["ok"] = answer.release.ok;
    json["reasons"] = answer.release.reasons;
  }
  void operator()(const ConfigReport& report) const {
    json["settings"] = Json::array();
    for (const auto& setting : report.settings) {
      json["settings"].push_back(
          {{"key", setting.key}, {"value", redacted(setting.value)}, {"source", setting.source}});
    }
  }
  void operator()(const CheckAnswer& report) const {
    const auto& checked = report.checked;
    Json findings = Json::array();
    for (const auto& finding : checked.findings) findings.push_back(finding_json(finding));
    const auto counts = counts_of(checked.findings);
    json["base"] = text_or_null(checked.base);
    json["head"] = text_or_null(checked.head);
    json["findings"] = std::move(findings);
    json["summary"] = {{"files", checked.files.size()},   {"statements", checked.statements},
                       {"errors", counts.errors},         {"warnings", counts.warnings},
                       {"suppressed", counts.suppressed}, {"unanalysed", checked.unanalysed}};
    for (const auto& cost : checked.costs) json["statements"].push_back(cost_json(cost));
  }
  void operator()(const ExplainReport&) const {}  // drawn as text alone
  void operator()(const MatviewListAnswer& answer) const { json["views"] = views_json(answer); }
  void operator()(const MatviewRefreshAnswer& answer) const { json["views"] = views_json(answer); }
  void operator()(const CompletionReport&) const {}
};

}  // namespace

std::string to_json(const Answer& answer, std::string_view family) {
  Json json = {{"schema", "zdm." + std::string(family.empty() ? "error" : family) + "/1"},
               {"version", ZDM_VERSION},
               {"exit_code", answer.exit_code()}};
  std::visit(Members{json}, answer.report);
  if (answer.error) json["error"] = error_json(*answer.error);
  if (!answer.error && answer.refused) {
    json["error"] = error_json({.code = ErrorCode::refused,
                                .message = "what was found is not to be shipped as it is",
                                .hint = "each of the findings says what to do instead"});
  }
  return dump(json);
}

}  // namespace zdm::cli
