#include "gate/costs.hpp"

#include "locks/claims.hpp"

namespace zdm::planner {

namespace {

class Cost {
 public:
  Cost(const SqlEffect& effect, int postgres) : effect_(effect), postgres_(postgres) {}

  SqlCost run() {
    work();
    cost_.locks = claims_.list();
    return std::move(cost_);
  }

 private:
  void lock(const TableName& relation, LockMode mode) {
    if (!relation.name.empty()) claims_.add(relation, mode);
  }
  void exclusive() { lock(effect_.object, LockMode::access_exclusive); }

  void work() {
    switch (effect_.deed) {
      case Deed::create:
        return create();
      case Deed::drop:
        return drop();
      case Deed::rename:
        return rename();
      case Deed::set_schema:
        if (effect_.kind == ObjectKind::table || effect_.kind == ObjectKind::view) exclusive();
        return;
      case Deed::add_column:
        exclusive();
        return add_column();
      case Deed::change_type:
        exclusive();
        cost_.rewrites = cost_.scans = effect_.has_using ? Certainty::yes : Certainty::maybe;
        return;
      case Deed::set_default:
      case Deed::drop_default:
        return exclusive();
      case Deed::set_not_null:
      case Deed::drop_not_null:
        return not_null();
      case Deed::add_constraint:
        return add_constraint();
      case Deed::validate_constraint:
        if (effect_.kind == ObjectKind::domain) return;
        lock(effect_.object, LockMode::share_update_exclusive);
        cost_.scans = Certainty::yes;
        return;
      case Deed::attach_partition:
      case Deed::detach_partition:
        return partition();
      default:
        return rest();
    }
  }

  void rest() {
    switch (effect_.deed) {
      case Deed::rewrite_table:
        exclusive();
        cost_.rewrites = always_rewrites() ? Certainty::yes : Certainty::maybe;
        cost_.scans = Certainty::maybe;
        return;
      case Deed::enable_trigger:
      case Deed::disable_trigger:
        return lock(effect_.object, LockMode::share_row_exclusive);
      case Deed::alter:
      case Deed::lock_table:
        lock(effect_.object, effect_.lock);
        if (effect_.to == "INHERIT") lock(effect_.other, LockMode::share_update_exclusive);
        if (effect_.to == "NO INHERIT") lock(effect_.other, LockMode::access_share);
        if (effect_.to == kReads) cost_.scans = Certainty::maybe;
        return;
      case Deed::truncate:
        exclusive();
        cost_.rewrites = Certainty::yes;
        cost_.scans = Certainty::maybe;
        return;
      case Deed::insert:
      case Deed::update:
      case Deed::remove:
      case Deed::merge:
        lock(effect_.object, LockMode::row_exclusive);
        cost_.scans = Certainty::maybe;
        return;
      case Deed::refresh:
        lock(effect_.object,
             effect_.concurrently ? LockMode::exclusive : LockMode::access_exclusive);
        cost_.rewrites = effect_.concurrently ? Certainty::no : Certainty::yes;
        cost_.scans = effect_.to == kWithNoData ? Certainty::maybe : Certainty::yes;
        return;
      case Deed::reindex:
        return reindex();
      case Deed::grant:
      case Deed::revoke:
        if (effect_.kind == ObjectKind::table && postgres_ >= 18 && effect_.object.name != "*") {
          lock(effect_.object, LockMode::access_share);
        }
        return;
      default:
        return;
    }
  }

  [[nodiscard]] bool always_rewrites() const {
    // A column that is generated VIRTUAL is stored nowhere.
    if (effect_.to == "SET EXPRESSION") return postgres_ < 18;
    // What is where it shall be stays.
    return effect_.to != "SET ACCESS METHOD" && effect_.to != "SET TABLESPACE";
  }

  void create() {
    switch (effect_.kind) {
      case ObjectKind::index:
        lock(effect_.other,
             effect_.concurrently ? LockMode::share_update_exclusive : LockMode::share);
        // IF NOT EXISTS may find it; ON ONLY is for a partitioned table, which has no rows.
        cost_.scans = effect_.if_not_exists || effect_.only ? Certainty::maybe : Certainty::yes;
        return;
      case ObjectKind::table:
        if (effect_.to == "PARTITION OF") lock(effect_.other, LockMode::access_exclusive);
        if (effect_.to == "INHERITS") lock(effect_.other, LockMode::share_update_exclusive);
        for (const TableName& table : effect_.references) {
          lock(table, LockMode::share_row_exclusive);
        }
        cost_.scans =
            effect_.from_query || effect_.to == "PARTITION OF" ? Certainty::maybe : Certainty::no;
        return;
      case ObjectKind::materialized_view:
        cost_.scans = Certainty::maybe;
        return;
      case ObjectKind::view:
        if (effect_.replace) exclusive();
        return;
      case ObjectKind::trigger:
        return lock(effect_.object, LockMode::share_row_exclusive);
      case ObjectKind::policy:
      case ObjectKind::rule:
        return exclusive();
      default:
        return;
    }
  }

  void drop() {
    switch (effect_.kind) {
      case ObjectKind::index:
        return lock(effect_.object, effect_.concurrently ? LockMode::share_update_exclusive
                                                         : LockMode::access_exclusive);
      case ObjectKind::table:
      case ObjectKind::column:
      case ObjectKind::constraint:
      case ObjectKind::view:
      case ObjectKind::materialized_view:
      case ObjectKind::sequence:
      case ObjectKind::trigger:
      case ObjectKind::policy:
      case ObjectKind::rule:
        return exclusive();
      default:
        return;
    }
  }

  void rename() {
    switch (effect_.kind) {
      case ObjectKind::index:
        return lock(effect_.object, LockMode::share_update_exclusive);
      case ObjectKind::table:
      case ObjectKind::column:
      case ObjectKind::constraint:
      case ObjectKind::view:
      case ObjectKind::materialized_view:
      case ObjectKind::sequence:
      case ObjectKind::trigger:
      case ObjectKind::policy:
      case ObjectKind::rule:
        return exclusive();
      default:
        return;
    }
  }

  void add_column() {
    const ColumnFacts& column = effect_.column;
    if (column.serial || column.identity || column.generated ||
        column.default_kind == SqlDefault::varying) {
      cost_.rewrites = cost_.scans = Certainty::yes;
    } else if (column.default_kind == SqlDefault::unknown_function || !column.type.schema.empty() ||
               !known_type(column.type.name)) {
      // A function may be VOLATILE, a type may be a domain with a constraint.
      cost_.rewrites = cost_.scans = Certainty::maybe;
    }
    // The rows are searched for a NULL, and each has one.
    const bool empty =
        column.default_kind == SqlDefault::none || column.default_kind == SqlDefault::null;
    if (column.not_null && empty) cost_.scans = Certainty::yes;
  }

  // Types that are no domain of a user's. Others may be; only what is claimed hangs on it.
  static bool known_type(std::string_view name) {
    for (const std::string_view known :
         {"int2",   "int4",   "int8",  "text",  "varchar", "bpchar",    "bool",        "numeric",
          "float4", "float8", "date",  "time",  "timetz",  "timestamp", "timestamptz", "interval",
          "uuid",   "json",   "jsonb", "bytea", "inet",    "cidr"}) {
      if (name == known) return true;
    }
    return false;
  }

  void not_null() {
    if (effect_.kind == ObjectKind::domain) {
      cost_.scans = effect_.deed == Deed::set_not_null ? Certainty::maybe : Certainty::no;
      return;
    }
    exclusive();
    // A valid CHECK that implies it saves the scan.
    if (effect_.deed == Deed::set_not_null) cost_.scans = Certainty::maybe;
  }

  void add_constraint() {
    if (effect_.to == "CREATE TABLE") return;  // in the cost of the table
    if (effect_.kind == ObjectKind::domain) {
      cost_.scans = effect_.not_valid ? Certainty::no : Certainty::maybe;
      return;
    }
    const bool column = effect_.inline_clause;
    switch (effect_.constraint) {
      case SqlConstraint::foreign_key: {
        // Only without any DEFAULT does PostgreSQL see that there is nothing to check.
        const bool filled = !column || effect_.column.default_kind != SqlDefault::none;
        lock(effect_.object, column ? LockMode::access_exclusive : LockMode::share_row_exclusive);
        lock(effect_.other, LockMode::share_row_exclusive);
        cost_.scans = filled && !effect_.not_valid ? Certainty::yes : Certainty::no;
        return;
      }
      case SqlConstraint::check:
        exclusive();
        cost_.scans = effect_.not_valid ? Certainty::no : Certainty::yes;
        return;
      case SqlConstraint::primary_key:
      case SqlConstraint::unique:
        exclusive();
        cost_.scans = effect_.index.empty()                              ? Certainty::yes
                      : effect_.constraint == SqlConstraint::primary_key ? Certainty::maybe
                                                                         : Certainty::no;
        return;
      case SqlConstraint::exclusion:
        exclusive();
        cost_.scans = Certainty::yes;
        return;
      default:
        return exclusive();
    }
  }

  void partition() {
    if (effect_.deed == Deed::attach_partition) {
      if (effect_.kind == ObjectKind::index) {
        lock(effect_.object, LockMode::share_update_exclusive);
        return lock(effect_.other, LockMode::access_exclusive);
      }
      lock(effect_.object, LockMode::share_update_exclusive);
      lock(effect_.other, LockMode::access_exclusive);
      cost_.scans = Certainty::maybe;
      return;
    }
    if (effect_.concurrently) return lock(effect_.object, LockMode::share_update_exclusive);
    exclusive();
    lock(effect_.other,
         postgres_ >= 14 ? LockMode::access_exclusive : LockMode::share_update_exclusive);
  }

  void reindex() {
    if (effect_.kind == ObjectKind::schema || effect_.kind == ObjectKind::database) return;
    const bool index = effect_.kind == ObjectKind::index;
    lock(effect_.object, effect_.concurrently ? LockMode::share_update_exclusive
                         : index              ? LockMode::access_exclusive
                                              : LockMode::share);
    cost_.rewrites = Certainty::maybe;
    cost_.scans = Certainty::yes;
  }

  const SqlEffect& effect_;
  int postgres_;
  Claims claims_;
  SqlCost cost_;
};

}  // namespace

SqlCost cost_of(const SqlEffect& effect, int postgres) {
  return Cost(effect, postgres).run();
}

std::string_view to_string(Certainty certainty) {
  switch (certainty) {
    case Certainty::no:
      return "no";
    case Certainty::maybe:
      return "maybe";
    case Certainty::yes:
      break;
  }
  return "yes";
}

}  // namespace zdm::planner
