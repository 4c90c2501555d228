#include "matviews/body_names.hpp"
#include "matviews/matview.hpp"
#include "support/catch.hpp"

namespace zdm::planner {
namespace {

Matview view(std::vector<MatviewColumn> columns, std::vector<UniqueIndex> indexes = {}) {
  return {.name = {"app", "Daily \"x\""},
          .columns = std::move(columns),
          .unique_indexes = std::move(indexes)};
}

}  // namespace

TEST_CASE("a usable unique index makes a view eligible", "[matviews]") {
  const auto found = eligibility(
      view({{"a"}, {"b"}}, {{"partial", {"a"}, "has a WHERE"}, {"whole", {"a", "b"}, ""}}), {});
  CHECK(found.eligible());
  CHECK(found.key == std::vector<std::string>{"a", "b"});
  CHECK(found.create_index.empty());
}

TEST_CASE("the statement proposed is over the column that is unique by the statistics",
          "[matviews]") {
  const auto found =
      eligibility(view({{"a"}, {"name", true, true}, {"id", true, true}, {"c"}}), {});
  CHECK_FALSE(found.eligible());
  CHECK(found.reason == "it has no unique index");
  CHECK(found.create_index ==
        "CREATE UNIQUE INDEX CONCURRENTLY \"Daily \"\"x\"\"_zdm_key\" ON app.\"Daily \"\"x\"\"\" "
        "(id)");
}

TEST_CASE("without statistics it is over all columns that can be sorted", "[matviews]") {
  const auto found = eligibility(view({{"a"}, {"Select"}, {"document", false, false}}), {});
  CHECK(found.index_columns == std::vector<std::string>{"a", "Select"});
  CHECK(found.create_index.ends_with("(a, \"Select\")"));
}

TEST_CASE("a name that is taken gives way", "[matviews]") {
  const auto found = eligibility(view({{"a"}}), {"Daily \"x\"_zdm_key"});
  CHECK(found.index_name != "Daily \"x\"_zdm_key");
}

TEST_CASE("no index is proposed where none can be built", "[matviews]") {
  CHECK(eligibility(view({{"document", false, false}}), {}).create_index.empty());
  CHECK(eligibility(view(std::vector<MatviewColumn>(33, {"a"})), {}).create_index.empty());
}

TEST_CASE("each index that is no use is named with the reason", "[matviews]") {
  const auto found = eligibility(
      view({{"a"}}, {{"one", {"a"}, "has a WHERE"}, {"Two", {}, "is over an expression"}}), {});
  CHECK(found.reason == "index one has a WHERE; index \"Two\" is over an expression");
}

TEST_CASE("a row with NULL in any column of the key counts", "[matviews]") {
  CHECK(null_keys_condition({"a", "B"}) == "a IS NULL OR \"B\" IS NULL");
}

TEST_CASE("relations without a schema are found in the body of a function", "[matviews]") {
  const auto names = unqualified_relations(R"(
    DECLARE n int; BEGIN
      SELECT count(*) INTO n FROM orders o JOIN "Lines" USING (id) JOIN app.customers c ON true;
      -- FROM hidden
      PERFORM 'FROM text', generate_series(1, 2) FROM generate_series(1, 3);
      UPDATE Totals SET x = 1;
      RETURN n;
    END)");
  CHECK(names == std::vector<std::string>{"n", "orders", "Lines", "totals"});
}

}  // namespace zdm::planner
