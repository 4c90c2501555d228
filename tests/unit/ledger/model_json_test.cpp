#include "ledger/model_json.hpp"

#include <nlohmann/json.hpp>

#include "ledger/model_fields.hpp"
#include "support/catch.hpp"

namespace zdm::migrations::codec {
namespace {

/// Gives every field below it a value of its own that is not the field's default.
class Filler {
 public:
  template <class... T>
  void operator()(std::string_view /*names*/, T&... values) {
    (fill(values), ...);
  }

  template <class T>
  void fill(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = !value;
    } else if constexpr (std::is_same_v<T, char>) {
      value = 'f';
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(++count_);
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(EnumWords<T>::words.size() - 1);
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = "text \"" + std::to_string(++count_) + "\" of größe\n";
    } else {
      fill_compound(value);
    }
  }

  template <class T>
  void fill_compound(std::optional<T>& value) {
    fill(value.emplace());
  }
  template <class T>
  void fill_compound(std::vector<T>& values) {
    fill(values.emplace_back());
    fill(values.emplace_back());
  }
  template <class... T>
  void fill_compound(std::variant<T...>& value) {
    fill(value.template emplace<1>());
  }
  template <class T>
  requires requires(Filler& filler, T& value) { fields(filler, value); }
  void fill_compound(T& value) { fields(*this, value); }

 private:
  int count_ = 0;
};

template <class Variant, std::size_t... I>
std::vector<Variant> every_alternative(std::index_sequence<I...> /*indexes*/) {
  Filler filler;
  std::vector<Variant> all;
  const auto add = [&](auto index) {
    Variant& one = all.emplace_back();
    auto& alternative = one.template emplace<index>();
    if constexpr (!std::is_same_v<std::decay_t<decltype(alternative)>, std::monostate>) {
      filler.fill(alternative);
    }
  };
  (add(std::integral_constant<std::size_t, I>{}), ...);
  return all;
}

template <class Variant>
std::vector<Variant> every_alternative() {
  return every_alternative<Variant>(std::make_index_sequence<std::variant_size_v<Variant>>{});
}

planner::Step full_step() {
  planner::Step step;
  Filler filler;
  filler.fill(step);
  step.records = every_alternative<planner::Record>();
  step.effects = every_alternative<planner::Effect>();
  return step;
}

}  // namespace

TEST_CASE("a step of every payload comes back from the ledger as it went in", "[ledger][codec]") {
  planner::Step step = full_step();
  for (const planner::StepAction& action : every_alternative<planner::StepAction>()) {
    step.action = action;
    const std::string stored = step_json(step);
    const auto read = parse_step(stored);
    REQUIRE(read);
    CHECK(step_json(*read) == stored);
    CHECK(read->action.index() == action.index());
    CHECK(read->effects.size() == std::variant_size_v<planner::Effect>);
    CHECK(read->in_transaction == false);
  }
}

TEST_CASE("a table and a rule come back as they went in", "[ledger][codec]") {
  Filler filler;
  planner::Table table;
  filler.fill(table);
  const auto same_table = parse_table(table_json(table));
  REQUIRE(same_table);
  CHECK(table_json(*same_table) == table_json(table));
  CHECK(same_table->replica_identity == 'f');
  CHECK(same_table->columns.at(1).statistics_target == table.columns.at(1).statistics_target);

  planner::SyncRule rule;
  filler.fill(rule);
  const auto same_rule = parse_rule(rule_json(rule));
  REQUIRE(same_rule);
  CHECK(rule_json(*same_rule) == rule_json(rule));
}

TEST_CASE("a field that a newer zdm wrote is passed over, a missing one keeps its default",
          "[ledger][codec]") {
  const auto step = parse_step(R"({"v":1,"id":"expand.1","surprise":{"a":[1]},"kind":"verify"})");
  REQUIRE(step);
  CHECK(step->id == "expand.1");
  CHECK(step->kind == planner::StepKind::verify);
  CHECK(step->in_transaction);
}

TEST_CASE("a word or a format that this zdm does not know is drift, by name", "[ledger][codec]") {
  const auto word = parse_step(R"({"v":1,"kind":"teleport"})");
  REQUIRE_FALSE(word);
  CHECK(word.error().code == ErrorCode::drift);
  CHECK(word.error().message.find("teleport") != std::string::npos);

  const auto effect = parse_step(R"({"v":1,"effects":[{"put_moon":{}}]})");
  REQUIRE_FALSE(effect);
  CHECK(effect.error().message.find("put_moon") != std::string::npos);

  const auto later = parse_step(R"({"v":2})");
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ErrorCode::drift);

  CHECK_FALSE(parse_step("not json"));
}

}  // namespace zdm::migrations::codec
