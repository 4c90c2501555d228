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

// One of the same name takes its place before anyone can see that it is gone.
void drop_view(Scene& s) {
  if (s.history.view_follows(s.statement, s.effect.object)) return;
  dropped<ObjectKind::view>(s);
  dropped<ObjectKind::materialized_view>(s);
}

void drop_schema(Scene& s) {
  if (s.is(Deed::drop, ObjectKind::other) && s.effect.to == kDropOwned) {
    return s.say("DROP OWNED drops whatever the role owns, none of which is named here",
                 "drop what is to go by name, each thing in a release that may");
  }
  dropped<ObjectKind::schema>(s);
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

// Row security hides what no policy admits from all but the owner (FORCE: from the owner too).
void row_security(Scene& s) {
  if (s.effect.to != kEnableRls && s.effect.to != kForceRls) return;
  // What a policy admits cannot be told from here: who writes one has said who sees what.
  if (s.history.has_policy(s.effect.object)) return;
  if (s.history.policy_follows(s.statement, s.effect.object)) return;
  s.say(s.effect.to == kForceRls
            ? fmt::format("the owner of {} sees no row of it any more that no policy admits",
                          s.object())
            : fmt::format("other roles than the owner of {} see no row of it any more, nor add one",
                          s.object()),
        "create the policies that admit the running release first, or in the same transaction");
}

void revoke(Scene& s) {
  if (s.is(Deed::alter) && s.on_old_table()) return row_security(s);
  if (s.is(Deed::drop, ObjectKind::policy) && s.on_old_table() &&
      !s.history.policy_follows(s.statement, s.effect.object)) {
    return s.say_as(Severity::warning,
                    fmt::format("the running release may need the rows of {} that policy {} admits",
                                s.object(), s.part()),
                    "drop it in the release after the one that no longer needs them");
  }
  if (!s.is(Deed::revoke) || s.history.is_new(s.effect.kind, s.effect.object)) return;
  s.say(fmt::format("the running release may still need the privileges on {}", s.object()),
        "revoke them in the release after the one that no longer needs them");
}

void cascade(Scene& s) {
  if (!s.effect.cascade || (!s.is(Deed::drop) && !s.is(Deed::truncate))) return;
  if (s.is(Deed::drop, ObjectKind::other) && s.effect.to == kExtension) {
    return s.say_as(
        Severity::error,
        fmt::format("every column of a type of {}, and what else needs it, goes with it", s.part()),
        "give those columns another type first, and drop the extension without CASCADE");
  }
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
  if (s.history.is_new_constraint(s.effect.object, s.effect.part)) return;
  if (s.history.is_implied_check(s.effect.object, s.effect.part)) return;
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
  const SqlEffect& e = s.effect;
  const bool always = s.is(Deed::alter) && e.to == kAlways;
  if ((!s.is(Deed::drop_default) && !always) || !s.on_old_table()) return;
  if (s.history.is_new_column(e.object, e.part)) return;
  if (always) {
    return s.say(
        fmt::format("an insert of the running release that gives {}.{} a value fails", s.object(),
                    s.part()),
        "GENERATED BY DEFAULT takes such a value; ALWAYS can come in the release after the "
        "one that gives none");
  }
  s.say(fmt::format("the running release may insert without {}.{} and rely on its {}", s.object(),
                    s.part(),
                    e.to == kIdentity     ? "identity"
                    : e.to == kExpression ? "expression"
                                          : "default"),
        e.to == kExpression
            ? "drop the expression in the release after the one that always gives the column"
            : "drop the default in the release after the one that always gives the column");
}

constexpr std::string_view kGroup = "destructive";
constexpr std::string_view kLater = "Drop it in a release after the one that stopped using it.";
constexpr std::string_view kUnretired = "unretired-drop";
constexpr Severity kError = Severity::error;
constexpr Severity kWarning = Severity::warning;

constexpr std::array<Rule, 20> kRules = {{
    {"drop-table", kError, kGroup,
     "A table is dropped that the running release may use: from then on each of its statements "
     "that names it fails. The drop locks every table of its foreign keys too.",
     "Ship a release that no longer uses it, and drop it in a release after that one.", 12, 18,
     dropped<ObjectKind::table>, kUnretired},
    {"drop-column", kError, kGroup,
     "A column is dropped that the running release may use. ORMs name every column they know, also "
     "those that the code no longer reads.",
     "Ship a release that no longer knows the column, and drop it in a release after that one.", 12,
     18, drop_column, kUnretired},
    {"rename-column", kError, kGroup,
     "A column gets another name, and no moment is right: the running release says the old name, "
     "the next one the new name, and both run side by side during the rollout.",
     "Add the new column, keep both in step, and drop the old one in a later release: zdm's "
     "rename_column.",
     12, 18, rename_column, kUnretired},
    {"rename-table", kError, kGroup,
     "A table or view gets another name, while the running release says the old one.",
     "Leave a view of the old name behind in the same transaction, or give the new name to a view "
     "first and rename later: zdm's rename_table.",
     12, 18, rename_table, kUnretired},
    {"rename-object", kError, kGroup,
     "A sequence, type, domain or function gets another name, while the running release says the "
     "old one.",
     "Make one of the new name beside it, and drop the old one in a later release.", 12, 18,
     rename_object, kUnretired},
    {"rename-schema", kError, kGroup,
     "A schema gets another name: every name in it changes under the running release.",
     "Make a new schema and move to it, object by object, release by release.", 12, 18,
     rename_schema, kUnretired},
    {"set-schema", kError, kGroup,
     "An object moves to another schema, where the running release does not look for it.",
     "Make it anew there, and drop the old one in a later release.", 12, 18, set_schema,
     kUnretired},
    {"rename-enum-value", kError, kGroup,
     "A value of an enum gets another name, while the running release still writes, and compares "
     "with, the old one.",
     "Add the new value, write it from the next release on, and change the old rows then.", 12, 18,
     rename_enum_value, kUnretired},
    {"revoke", kError, kGroup,
     "A privilege is taken away that the running release may need, a policy dropped, or row "
     "security turned on without one: then other roles than the owner see no row.",
     "Revoke it in the release after the one that no longer needs it.", 12, 18, revoke},
    {"drop-schema", kError, kGroup, "A schema is dropped, and with CASCADE everything in it.",
     "Drop what it holds first, each thing in a release that may, and then the empty schema.", 12,
     18, drop_schema, kUnretired},
    {"drop-database", kError, kGroup, "A database is dropped. No migration should be able to.",
     "Do this by hand, once a backup has been restored somewhere.", 12, 18,
     dropped<ObjectKind::database>},
    {"drop-view", kError, kGroup,
     "A view is dropped that the running release, or another view, may read.",
     "Ship a release that no longer reads it, and drop it in a release after that one.", 12, 18,
     drop_view, kUnretired},
    {"drop-type", kError, kGroup,
     "A type or domain is dropped that the running release, or a function, may name.",
     "Ship a release that no longer names it, and drop it in a release after that one.", 12, 18,
     drop_type, kUnretired},
    {"drop-function", kError, kGroup,
     "A function or procedure is dropped that the running release, a trigger or a default may "
     "call.",
     "Ship a release that no longer calls it, and drop it in a release after that one.", 12, 18,
     dropped<ObjectKind::function>, kUnretired},
    {"drop-sequence", kError, kGroup,
     "A sequence is dropped that the running release, or a default, may draw numbers from.",
     "Ship a release that no longer draws from it, and drop it in a release after that one.", 12,
     18, dropped<ObjectKind::sequence>, kUnretired},
    {"cascade", kWarning, kGroup,
     "CASCADE takes everything that depends on the object as well: views, foreign keys, columns, "
     "none of which stands here to be reviewed.",
     "Drop what depends on it by name, each thing in a release that may.", 12, 18, cascade},
    {"truncate", kError, kGroup,
     "TRUNCATE removes all rows at once, under ACCESS EXCLUSIVE, from under the running release.",
     "Delete rows in batches, by ranges of the key. If nobody uses the table any more, drop it, in "
     "the release that may.",
     12, 18, truncate},
    {"drop-constraint", kWarning, kGroup,
     "The running release may rely on the constraint: ON CONFLICT needs the unique key, code "
     "trusts that a foreign key or check holds.",
     "Drop it in a release after the one that no longer relies on it.", 12, 18, drop_constraint,
     kUnretired},
    {"drop-not-null", kWarning, kGroup,
     "The running release may not expect NULL in a column that never held one.",
     "Ship a release that can read NULL there first.", 12, 18, drop_not_null},
    {"drop-default", kError, kGroup,
     "Inserts of the running release that leave the column out rely on its default, identity or "
     "expression: they will write NULL, or fail. With GENERATED ALWAYS, those fail that give it.",
     "Drop the default once every running release gives the column.", 12, 18, drop_default,
     kUnretired},
}};

}  // namespace

std::span<const Rule> destructive_rules() {
  return kRules;
}

}  // namespace zdm::planner
