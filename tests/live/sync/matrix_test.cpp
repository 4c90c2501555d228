#include <map>
#include <optional>

#include "bench.hpp"

/// Law 1 as a table: every way to give, change, omit and NULL both sides, on both engines, against
/// a second reading of the law written here.
using namespace zdm::planner;
using namespace zdm::tests;

namespace {

using Value = std::optional<std::string>;

std::string literal(const Value& value) {
  return value ? "'" + *value + "'" : "NULL";
}
std::string shown(const Value& value) {
  return value.value_or("NULL");
}

/// A pair of columns o and n, with what up and down give for every value used.
struct Pair {
  std::string name;
  std::string old_type, new_type;
  std::string up, down;
  std::map<std::string, std::string> up_of, down_of;
  std::string old_one, old_two;  ///< values of the old column
  std::string new_one, new_two;  ///< values of the new column; new_one is up(old_one)

  Value forward(const Value& value) const { return value ? Value(up_of.at(*value)) : value; }
  Value backward(const Value& value) const { return value ? Value(down_of.at(*value)) : value; }
};

Pair rename_pair() {
  const std::map<std::string, std::string> same = {{"a", "a"}, {"b", "b"}, {"c", "c"}, {"d", "d"}};
  return {"rename", "text", "text", "o", "n", same, same, "a", "b", "a", "c"};
}

/// Cents from a price of four places, and back: neither way keeps everything.
Pair lossy_pair(Engine engine) {
  const bool sqlite = engine == Engine::sqlite;
  return {"lossy",
          sqlite ? "text" : "numeric(10,4)",
          "integer",
          sqlite ? "CAST(round(CAST(o AS REAL) * 100) AS INTEGER)" : "round(o * 100)",
          sqlite ? "CASE WHEN n IS NOT NULL THEN printf('%.4f', n / 100.0) END" : "n / 100.0",
          {{"12.3456", "1235"},
           {"7.7777", "778"},
           {"9.9900", "999"},
           {"12.3500", "1235"},
           {"5.0000", "500"},
           {"1.0000", "100"}},
          {{"1235", "12.3500"}, {"778", "7.7800"}, {"500", "5.0000"}, {"100", "1.0000"}},
          "12.3456",
          "7.7777",
          "1235",
          "500"};
}

SyncRule rule_of(const Pair& pair) {
  return {.migration = {"0001_" + pair.name},
          .old_side = {sync_column("o")},
          .new_side = {sync_column("n")},
          .forward = {assign("n", pair.up, {"o"})},
          .backward = {assign("o", pair.down, {"n"})}};
}

/// The default of the old column, and what the new one has meanwhile.
struct Defaults {
  std::string name;
  DefaultKind kind;
  Value old_value, new_value;  ///< what an INSERT gets that leaves the column out
  std::string old_sql, new_sql;
};

struct Given {
  std::string name;
  bool present;
  Value value;
};

std::pair<Value, Value> law_of_insert(const Pair& pair, const Defaults& defaults, const Given& o,
                                      const Given& n) {
  Value old_value = o.present ? o.value : defaults.old_value;
  Value new_value = n.present ? n.value : defaults.new_value;
  const bool hidden = defaults.kind == DefaultKind::volatile_;
  const bool new_given = new_value != defaults.new_value;
  const bool old_given = hidden ? !new_given : old_value != defaults.old_value;
  if (new_given && !old_given) {
    old_value = pair.backward(new_value);
  } else if (!new_given && (old_given || !new_value)) {
    new_value = pair.forward(old_value);
  }
  return {old_value, new_value};
}

std::vector<Given> givens(const Value& default_value, const std::string& one,
                          const std::string& two) {
  return {{"absent", false, {}},
          {"default", true, default_value},
          {"one", true, one},
          {"two", true, two},
          {"NULL", true, {}}};
}

std::string insert_statement(const Given& o, const Given& n) {
  std::string columns = "id";
  std::string values = "1";
  if (o.present) {
    columns += ", o";
    values += ", " + literal(o.value);
  }
  if (n.present) {
    columns += ", n";
    values += ", " + literal(n.value);
  }
  return "INSERT INTO t (" + columns + ") VALUES (" + values + ")";
}

void check_inserts(Engine engine, const Pair& pair, const Defaults& defaults) {
  const auto clause = [](const std::string& sql) { return sql.empty() ? "" : " DEFAULT " + sql; };
  SyncBench bench(engine, "CREATE TABLE t (id integer PRIMARY KEY, o " + pair.old_type +
                              clause(defaults.old_sql) + ", n " + pair.new_type +
                              clause(defaults.new_sql) + ")");
  SyncRule rule = rule_of(pair);
  rule.old_side[0].default_sql = defaults.old_sql;
  rule.old_side[0].default_kind = defaults.kind;
  if (!defaults.new_sql.empty()) {
    rule.new_side[0].default_sql = defaults.new_sql;
    rule.new_side[0].default_kind = defaults.kind;
  }
  bench.install({rule});
  for (const Given& o : givens(defaults.old_value, pair.old_one, pair.old_two)) {
    for (const Given& n : givens(defaults.new_value, pair.new_one, pair.new_two)) {
      CAPTURE(defaults.name, o.name, n.name);
      const auto [old_value, new_value] = law_of_insert(pair, defaults, o, n);
      CHECK(bench.after("", insert_statement(o, n), "o, n") ==
            shown(old_value) + "|" + shown(new_value));
    }
  }
}

struct State {
  Value o, n;
};

State law_of_update(const Pair& pair, const State& before, State row) {
  const bool old_changed = row.o != before.o;
  const bool new_changed = row.n != before.n;
  if (new_changed && !old_changed) {
    row.o = pair.backward(row.n);
  } else if (old_changed && !new_changed) {
    row.n = pair.forward(row.o);
  }
  if (!row.n && !new_changed) {
    row.n = pair.forward(row.o);
  }
  return row;
}

void check_updates(Engine engine, const Pair& pair) {
  SyncBench bench(engine, "CREATE TABLE t (id integer PRIMARY KEY, o " + pair.old_type + ", n " +
                              pair.new_type + ", other integer)");
  bench.install({rule_of(pair)});
  const Value o = pair.old_one, n = pair.new_one;
  const std::vector<State> states = {{o, n},   {pair.backward(n), n}, {o, {}}, {{}, n},
                                     {{}, {}}, {o, pair.new_two}};
  const std::vector<std::optional<Value>> old_sets = {std::nullopt, Value(o), Value(pair.old_two),
                                                      Value()};
  const std::vector<std::optional<Value>> new_sets = {std::nullopt, Value(n), Value(pair.new_two),
                                                      Value()};
  for (const State& state : states) {
    for (const auto& old_set : old_sets) {
      for (const auto& new_set : new_sets) {
        std::string set = "other = 1";
        State row = state;
        if (old_set) {
          set += ", o = " + literal(*old_set);
          row.o = *old_set;
        }
        if (new_set) {
          set += ", n = " + literal(*new_set);
          row.n = *new_set;
        }
        const bool touched = row.o != state.o || row.n != state.n || !row.n;
        const State expected = touched ? law_of_update(pair, state, row) : row;
        bench.exec("DELETE FROM t");
        bench.past_the_triggers("INSERT INTO t VALUES (1, " + literal(state.o) + ", " +
                                literal(state.n) + ", 0)");
        CAPTURE(shown(state.o), shown(state.n), set);
        bench.exec("UPDATE t SET " + set + " WHERE id = 1");
        CHECK(bench.row("o, n") == shown(expected.o) + "|" + shown(expected.n));
      }
    }
  }
}

}  // namespace

TEST_CASE("an INSERT is decided by what was given", "[live][sync][matrix]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  CAPTURE(engine == Engine::sqlite);
  const std::string volatile_sql = engine == Engine::sqlite ? "(substr('d' || random(), 1, 1))"
                                                            : "substr('d'::text || random(), 1, 1)";
  check_inserts(engine, rename_pair(), {"none", DefaultKind::none, {}, {}, "", ""});
  check_inserts(engine, rename_pair(), {"constant", DefaultKind::constant, "d", "d", "'d'", "'d'"});
  check_inserts(engine, rename_pair(),
                {"volatile", DefaultKind::volatile_, "d", {}, volatile_sql, ""});
  const Pair lossy = lossy_pair(engine);
  check_inserts(engine, lossy, {"none", DefaultKind::none, {}, {}, "", ""});
  check_inserts(engine, lossy,
                {"constant", DefaultKind::constant, "1.0000", "100", "'1.0000'", "'100'"});
}

TEST_CASE("a stable default is compared within the transaction", "[live][sync][matrix]") {
  const Defaults defaults = {
      "stable", DefaultKind::stable, "d", {}, "substr('d'::text || now(), 1, 1)", ""};
  check_inserts(Engine::postgresql, rename_pair(), defaults);
}

TEST_CASE("an UPDATE is decided by what changed", "[live][sync][matrix]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  CAPTURE(engine == Engine::sqlite);
  check_updates(engine, rename_pair());
  check_updates(engine, lossy_pair(engine));
}
