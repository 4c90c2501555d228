#include "sql/builtin_functions.hpp"
#include "stage.hpp"
#include "support/catch.hpp"

using namespace zdm::tests;
using zdm::planner::builtin_volatility;
using zdm::planner::Volatility;

namespace {

/// The names a statement can call, each with "v" (all its forms are VOLATILE), "s" (none), "m".
constexpr std::string_view kFunctions = R"(
SELECT proname::text,
       CASE WHEN bool_and(provolatile = 'v') THEN 'v' WHEN bool_or(provolatile = 'v') THEN 'm'
            ELSE 's' END
  FROM pg_catalog.pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'w', 'a')
   AND NOT EXISTS (SELECT FROM unnest(proargtypes::oid[] || prorettype) AS type
                    WHERE type::regtype::text IN
                          ('internal', 'cstring', 'trigger', 'event_trigger', 'language_handler',
                           'fdw_handler', 'tsm_handler', 'index_am_handler', 'table_am_handler'))
 GROUP BY proname)";

Volatility expected(const std::string& letter) {
  return letter == "v"   ? Volatility::varying
         : letter == "s" ? Volatility::steady
                         : Volatility::unknown;
}

}  // namespace

TEST_CASE("the functions known to be stable, or to be volatile, are those of PostgreSQL 15",
          "[live][gate]") {
  const TestDatabase database;
  const auto connection = database.connect();
  if (connection->server_version() / 10000 != 15) return;
  const auto functions = connection->run(kFunctions);
  REQUIRE(functions);
  CHECK(functions->rows.size() > 1'900);
  for (const auto& row : functions->rows) {
    INFO(row.at(0).value());
    CHECK(builtin_volatility({row.at(0).value()}) == expected(row.at(1).value()));
  }
}
