#include "sql/quote.hpp"
#include "views/json_parts.hpp"

namespace zdm::cli {
namespace {

using migrations::MatviewReport;
using migrations::MatviewState;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json names(const std::vector<planner::TableName>& all) {
  Json list = Json::array();
  for (const auto& name : all) list.push_back(planner::quote(name));
  return list;
}

Json last_refresh(const MatviewState& state) {
  const auto& last = state.last;
  return {{"last_refresh", last ? Json(migrations::to_rfc3339(last->at)) : Json(nullptr)},
          {"age_ms", last ? Json(last->age_ms) : Json(nullptr)},
          {"inserted", last ? or_null(last->inserted) : Json(nullptr)},
          {"deleted", last ? or_null(last->deleted) : Json(nullptr)},
          {"changed", last ? or_null(last->changed) : Json(nullptr)}};
}

Json state_json(const MatviewState& state) {
  const auto& view = state.view;
  const auto& last = state.last;
  const bool counted = last && last->rows;
  Json json = {{"name", planner::quote(view.name)},
               {"method", last ? Json(last->method) : Json(nullptr)},
               {"state", state.word()},
               {"duration_ms", last ? Json(last->duration_ms) : Json(nullptr)},
               {"rows", counted ? Json(*last->rows) : Json(view.rows)},
               {"waited_for", nullptr},
               {"populated", view.populated},
               {"bytes", view.bytes},
               {"bloat", or_null(view.bloat)},
               {"concurrently", state.eligibility.eligible()},
               {"key", state.eligibility.key},
               {"create_index", text_or_null(state.eligibility.create_index)},
               {"null_keys", or_null(state.null_keys)},
               {"reads", names(view.reads)},
               {"after", state.policy ? names(state.policy->after) : Json::array()}};
  const bool has_every = state.policy && state.policy->every;
  json["every_ms"] = has_every ? Json(state.policy->every->count()) : Json(nullptr);
  json.update(last_refresh(state));
  json["holder"] = text_or_null(state.refreshing);
  json["last_error"] = text_or_null(state.last_error);
  json["reason"] = text_or_null(state.eligibility.reason);
  json["warnings"] = state.warnings;
  return json;
}

Json report_json(const MatviewReport& view) {
  Json locks = Json::array();
  for (const auto& claim : view.locks) {
    locks.push_back({{"relation", claim.relation}, {"mode", planner::to_string(claim.mode)}});
  }
  Json json = {{"name", view.name},
               {"method", text_or_null(view.method)},
               {"state", view.state},
               {"duration_ms", view.duration_ms},
               {"rows", or_null(view.rows)},
               {"waited_for", text_or_null(view.waited_for)},
               {"inserted", or_null(view.inserted)},
               {"deleted", or_null(view.deleted)},
               {"changed", or_null(view.changed)},
               {"null_keys", or_null(view.null_keys)},
               {"reason", text_or_null(view.reason)},
               {"holder", text_or_null(view.holder)},
               {"notes", view.notes},
               {"locks", std::move(locks)}};
  if (view.error) json["error"] = error_json(*view.error);
  return json;
}

}  // namespace

Json views_json(const MatviewListAnswer& answer) {
  Json views = Json::array();
  for (const auto& state : answer.listed.views) views.push_back(state_json(state));
  return views;
}

Json views_json(const MatviewRefreshAnswer& answer) {
  Json views = Json::array();
  for (const auto& view : answer.refreshed.views) views.push_back(report_json(view));
  return views;
}

}  // namespace zdm::cli
