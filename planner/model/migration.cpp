#include "model/migration.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <set>

#include "model/canonical.hpp"
#include "model/suggest.hpp"

namespace zdm::planner {

namespace {

/// Keys that may be corrected until switch (`amended`): what they say is read anew by each phase.
bool may_be_corrected(std::string_view key) {
  return key == "up" || key == "down" || key == "on_error" || key == "user_triggers" ||
         key == "compatible";
}

Result<Phase> decode_phase(KeyReader& keys) {
  ZDM_TRY(const auto text, keys.text("phase"));
  if (const auto phase = parse_phase(text)) return *phase;
  std::vector<std::string> names;
  for (const auto phase : kPhases) names.emplace_back(to_string(phase));
  return fail_at(keys.where("phase"), ErrorCode::usage,
                 fmt::format("there is no phase \"{}\"{}", text, suggestion(text, names)),
                 "one of: expand, backfill, switch, contract");
}

}  // namespace

Result<Migration> decode_migration(MigrationId id, const std::string& file, const Value& root) {
  const auto* object = std::get_if<Object>(&root.data);
  if (object == nullptr || object->empty()) {
    return fail_at({.file = file, .line = 1, .column = 1}, ErrorCode::usage,
                   "the file says nothing: a migration needs `phase` and at least one [[change]]",
                   "see zdm-migration(5), or start with: zdm new rename_column NAME");
  }
  KeyReader keys(*object, {.file = file, .line = 1, .column = 1}, "a migration");
  Migration migration{.id = std::move(id), .path = file};
  ZDM_TRY(auto description, keys.optional_text("description"));
  migration.description = description.value_or("");
  ZDM_TRY(migration.phase, decode_phase(keys));
  migration.phase_where = keys.where("phase");
  ZDM_TRY(migration.hold, keys.optional_text("hold"));
  ZDM_TRY(migration.amended, keys.optional_text("amended"));
  const bool any = keys.has("change");
  const auto tables = keys.objects("change");
  ZDM_CHECK(keys.finish());  // first of all, as a mistyped key is why others are missing
  if (any && !tables) return tl::unexpected(tables.error());
  if (!any || tables->empty()) {
    return fail_at(keys.where("change"), ErrorCode::usage, "the migration has no change",
                   "write at least one [[change]] table");
  }
  const auto member = std::ranges::find(*object, "change", &Member::key);
  for (const auto& each : std::get<Array>(member->value.data)) {
    ZDM_TRY(auto change, decode_change(std::get<Object>(each.data), each.where));
    migration.changes.push_back(std::move(change));
  }
  migration.checksum = checksum(
      canonical(member->value, [](std::string_view key) { return !may_be_corrected(key); }));
  migration.expressions_checksum =
      checksum(canonical(member->value, [](std::string_view) { return true; }));
  return migration;
}

}  // namespace zdm::planner
