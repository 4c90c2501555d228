#include <array>

#include "gate/rules/themes.hpp"
#include "gate/scene.hpp"

namespace zdm::planner {

namespace {

// DROP of one kind of object that an earlier release made.
template <ObjectKind kind>
void dropped(Scene& s) {
  if (!s.is(Deed::drop, kind) || s.history.is_new(kind, s.effect.object)) return;
  if (kind == ObjectKind::view &&
      s.history.is_new(ObjectKind::materialized_view, s.effect.object)) {
    return;
  }
  s.say(fmt::format("dropping {} breaks every statement of the running release that uses it",
                    s.object()),
        "ship a release that no longer uses it, and drop it in the one after");
}

void drop_view(Scene& s) {
  dropped<ObjectKind::view>(s);
  dropped<ObjectKind::materialized_view>(s);
}

void drop_type(Scene& s) {
  dropped<ObjectKind::type>(s);
  dropped<ObjectKind::domain>(s);
}

void drop_column(Scene& s) {
  if (!s.is(Deed::drop, ObjectKind::column) && !s.is(Deed::drop, ObjectKind::attribute)) return;
  if (s.history.is_new_column(s.effect.object, s.effect.part)) return;
  s.say(fmt::format("dropping {}.{} breaks every statement of the running release that uses it",
                    s.object(), s.part()),
        "ship a release that no longer uses the column, and drop it in the one after");
}

void rename_column(Scene& s) {
  if (!s.is(Deed::rename, ObjectKind::column) && !s.is(Deed::rename, ObjectKind::attribute)) return;
  if (s.history.is_new_column(s.effect.object, s.effect.part)) return;
  s.say(fmt::format("the running release still uses {}.{}, which is gone once it is renamed",
                    s.object(), s.part()),
        "add the new column, keep both in step, and drop the old one in a later release "
        "(zdm: kind = \"rename_column\")");
}

void rename_table(Scene& s) {
  const bool relation = s.is(Deed::rename, ObjectKind::table) ||
                        s.is(Deed::rename, ObjectKind::view) ||
                        s.is(Deed::rename, ObjectKind::materialized_view);
  if (!relation || s.history.is_new(s.effect.kind, s.effect.object)) return;
  if (s.is(Deed::rename, ObjectKind::table) && s.history.view_follows(s.statement, s.effect.object))
    return;
  s.say(fmt::format("the running release still uses {}, which is gone once it is renamed",
                    s.object()),
        "give the new name to a view first, and rename in a later release, or leave a view of the "
        "old name behind in the same transaction (zdm: kind = \"rename_table\")");
}

// What has no view to stand in for it.
void rename_object(Scene& s) {
  const ObjectKind kind = s.effect.kind;
  const bool used = kind == ObjectKind::sequence || kind == ObjectKind::type ||
                    kind == ObjectKind::domain || kind == ObjectKind::function;
  if (!s.is(Deed::rename) || !used || s.history.is_new(kind, s.effect.object)) return;
  s.say(fmt::format("the running release still uses {}, which is gone once it is renamed",
                    s.object()),
        "make one of the new name beside it, and drop the old one in a later release");
}

void rename_schema(Scene& s) {
  if (!s.is(Deed::rename, ObjectKind::schema)) return;
  if (s.history.is_new(ObjectKind::schema, s.effect.object)) return;
  s.say(fmt::format("every name in schema {} changes under the running release", s.object()),
        "make a new schema and move to it release by release");
}

void set_schema(Scene& s) {
  if (!s.is(Deed::set_schema) || s.history.is_new(s.effect.kind, s.effect.object)) return;
  s.say(fmt::format("the running release looks for {} in its old schema", s.object()),
        "make the object anew in the other schema, and drop this one in a later release");
}

void rename_enum_value(Scene& s) {
  if (!s.is(Deed::rename, ObjectKind::enum_value)) return;
  if (s.history.is_new(ObjectKind::type, s.effect.object)) return;
  s.say(fmt::format("the running release still writes the old value of {}", s.object()),
        "add the new value, write it from the next release on, and then change the old rows");
}

void revoke(Scene& s) {
  if (!s.is(Deed::revoke) || s.history.is_new(s.effect.kind, s.effect.object)) return;
  s.say(fmt::format("the running release may still need the privileges on {}", s.object()),
        "revoke them in the release after the one that no longer needs them");
}

void cascade(Scene& s) {
  if (!s.effect.cascade || (!s.is(Deed::drop) && !s.is(Deed::truncate))) return;
  s.say("CASCADE also takes objects that are not named here",
        "name what depends on it, and drop that first, each in a release that may");
}

void truncate(Scene& s) {
  if (!s.is(Deed::truncate) || !s.on_old_table()) return;
  s.say(fmt::format("all rows of {} are gone, and readers wait for the ACCESS EXCLUSIVE lock",
                    s.object()),
        "delete the rows in batches, by ranges of the key");
}

void drop_constraint(Scene& s) {
  if (!s.is(Deed::drop, ObjectKind::constraint) || !s.on_old_table()) return;
  s.say(fmt::format("the running release may rely on {} of {}, ON CONFLICT for one", s.part(),
                    s.object()),
        "drop it in the release after the one that no longer relies on it");
}

void drop_not_null(Scene& s) {
  if (!s.is(Deed::drop_not_null) || !s.on_old_table() || s.effect.kind == ObjectKind::domain)
    return;
  if (s.history.is_new_column(s.effect.object, s.effect.part)) return;
  s.say(fmt::format("the running release may not expect NULL in {}.{}", s.object(), s.part()),
        "ship a release that reads NULL there first");
}

void drop_default(Scene& s) {
  if (!s.is(Deed::drop_default) || !s.on_old_table()) return;
  if (s.history.is_new_column(s.effect.object, s.effect.part)) return;
  s.say(fmt::format("the running release may insert without {}.{} and rely on its default",
                    s.object(), s.part()),
        "drop the default in the release after the one that always gives the column");
}

constexpr std::string_view kGroup = "destructive";
constexpr std::string_view kLater = "Drop it in a release after the one that stopped using it.";
constexpr std::string_view kUnretired = "unretired-drop";
constexpr Severity kError = Severity::error;
constexpr Severity kWarning = Severity::warning;

constexpr std::array<Rule, 20> kRules = {{
    {"drop-table", kError, kGroup, "A table the running release uses is dropped.", kLater, 12, 18,
     dropped<ObjectKind::table>, kUnretired},
    {"drop-column", kError, kGroup, "A column the running release uses is dropped.", kLater, 12, 18,
     drop_column, kUnretired},
    {"rename-column", kError, kGroup, "A column the running release uses gets another name.",
     "Add a column, keep both in step, drop the old one later.", 12, 18, rename_column, kUnretired},
    {"rename-table", kError, kGroup, "A table or view the running release uses gets another name.",
     "A view under the new name first, or one of the old name left behind.", 12, 18, rename_table,
     kUnretired},
    {"rename-object", kError, kGroup,
     "A sequence, type, domain or function the running release uses gets another name.",
     "Make one of the new name beside it.", 12, 18, rename_object, kUnretired},
    {"rename-schema", kError, kGroup, "A schema gets another name.", "Make a new one and move.", 12,
     18, rename_schema, kUnretired},
    {"set-schema", kError, kGroup, "An object moves to another schema.",
     "Make it anew there, and drop the old one later.", 12, 18, set_schema, kUnretired},
    {"rename-enum-value", kError, kGroup, "The running release writes the old value.",
     "Add a value, change the rows, stop using the old one.", 12, 18, rename_enum_value,
     kUnretired},
    {"revoke", kError, kGroup, "The running release may need the privilege.",
     "Revoke it in the release after.", 12, 18, revoke},
    {"drop-schema", kError, kGroup, "A schema and all in it is dropped.", kLater, 12, 18,
     dropped<ObjectKind::schema>, kUnretired},
    {"drop-database", kError, kGroup, "A database is dropped.", "Do this by hand.", 12, 18,
     dropped<ObjectKind::database>},
    {"drop-view", kError, kGroup, "A view the running release uses is dropped.", kLater, 12, 18,
     drop_view, kUnretired},
    {"drop-type", kError, kGroup, "A type or domain the running release uses is dropped.", kLater,
     12, 18, drop_type, kUnretired},
    {"drop-function", kError, kGroup, "A function the running release calls is dropped.", kLater,
     12, 18, dropped<ObjectKind::function>, kUnretired},
    {"drop-sequence", kError, kGroup, "A sequence the running release uses is dropped.", kLater, 12,
     18, dropped<ObjectKind::sequence>, kUnretired},
    {"cascade", kWarning, kGroup, "CASCADE takes what nobody named.", "Name the dependents.", 12,
     18, cascade},
    {"truncate", kError, kGroup, "All rows go, under ACCESS EXCLUSIVE.", "Delete in batches.", 12,
     18, truncate},
    {"drop-constraint", kWarning, kGroup, "The running release may rely on the constraint.", kLater,
     12, 18, drop_constraint, kUnretired},
    {"drop-not-null", kWarning, kGroup, "The running release may not expect NULL.",
     "Ship a release that reads NULL first.", 12, 18, drop_not_null},
    {"drop-default", kError, kGroup, "Inserts of the running release may rely on the default.",
     "Drop it once every release gives the column.", 12, 18, drop_default, kUnretired},
}};

}  // namespace

std::span<const Rule> destructive_rules() {
  return kRules;
}

}  // namespace zdm::planner
