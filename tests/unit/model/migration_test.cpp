#include "model/migration.hpp"

#include "model/canonical.hpp"
#include "support/catch.hpp"
#include "support/tree.hpp"

using namespace zdm::planner;
using zdm::tests::list;
using zdm::tests::table;
using zdm::tests::value;

namespace {

Value rename_name(const char* to = "full_name", const char* up = "name") {
  return table({{"kind", value("rename_column")},
                {"table", value("users")},
                {"from", value("name")},
                {"to", value(to)},
                {"up", value(up)}});
}

Value file(const char* phase, const Value& change) {
  return table({{"description", value("d")}, {"phase", value(phase)}, {"change", list({change})}});
}

Result<Migration> decoded(const Value& root) {
  return decode_migration(MigrationId{"0001"}, "0001.toml", root);
}

Error error_of(const Value& root) {
  const auto migration = decoded(root);
  REQUIRE_FALSE(migration);
  CHECK(migration.error().code == ErrorCode::usage);
  CHECK(migration.error().where);
  return migration.error();
}

}  // namespace

TEST_CASE("a migration file is decoded with its phase and changes", "[model][migration]") {
  const auto migration = decoded(file("switch", rename_name()));
  REQUIRE(migration);
  CHECK(migration->phase == Phase::switch_);
  CHECK(migration->phase_where.line == 2);
  CHECK(migration->changes.size() == 1);
  CHECK_FALSE(migration->hold);
}

TEST_CASE("the checksum is over what the changes say, not how or how far", "[model][migration]") {
  const auto one = decoded(file("expand", rename_name())).value();
  const auto phase = decoded(file("contract", rename_name())).value();
  CHECK(one.checksum == phase.checksum);
  CHECK(one.checksum.size() == 7 + 64);
  CHECK(one.checksum.starts_with("sha256:"));

  const auto held = decoded(table({{"hold", value("later")},
                                   {"amended", value("typo")},
                                   {"change", list({rename_name()})},
                                   {"phase", value("expand")}}));
  CHECK(held.value().checksum == one.checksum);

  const auto up = decoded(file("expand", rename_name("full_name", "lower(name)"))).value();
  CHECK(up.checksum == one.checksum);
  CHECK(up.expressions_checksum != one.expressions_checksum);
  CHECK(decoded(file("expand", rename_name("fullname"))).value().checksum != one.checksum);
}

TEST_CASE("keys are sorted in the canonical text", "[model][migration]") {
  const auto all = [](std::string_view) { return true; };
  const Value a = table({{"b", value("x")}, {"a", list({value(true)})}});
  const Value b = table({{"a", list({value(true)})}, {"b", value("x")}});
  CHECK(canonical(a, all) == R"({"a":[true],"b":"x"})");
  CHECK(canonical(a, all) == canonical(b, all));
  CHECK(checksum("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("a migration that says nothing, or something unknown, is refused", "[model][migration]") {
  using Catch::Matchers::Contains;
  CHECK_THAT(error_of(table({})).message, Contains("says nothing"));
  CHECK_THAT(error_of(value("x")).message, Contains("says nothing"));
  CHECK_THAT(error_of(table({{"phase", value("expand")}})).message, Contains("no change"));
  CHECK_THAT(error_of(table({{"phase", value("expand")}, {"change", list({})}})).message,
             Contains("no change"));
  CHECK_THAT(error_of(table({{"change", list({rename_name()})}})).message, Contains("`phase`"));
  CHECK_THAT(error_of(file("swich", rename_name())).message, Contains("did you mean switch?"));
  const Error mistyped =
      error_of(table({{"phase", value("expand")}, {"chnage", list({rename_name()})}}));
  CHECK_THAT(mistyped.message, Contains("`chnage`; did you mean change?"));
  CHECK(mistyped.where->line == 2);
  CHECK_THAT(
      error_of(table({{"phaze", value("expand")}, {"change", list({rename_name()})}})).message,
      Contains("`phaze`"));
  CHECK_THAT(error_of(table({{"phase", value("expand")}, {"change", rename_name()}})).message,
             Contains("`change` must be a list of tables, not a table"));
  CHECK_FALSE(decoded(file("expand", table({{"kind", value("rename_colum")}}))));
}
