#include "database/catalog/words.hpp"
#include "support/catch.hpp"

using zdm::migrations::row_words_of;

TEST_CASE("what a trigger's function takes of its rows", "[database]") {
  const auto found = row_words_of(
      "BEGIN -- old.gone\n INSERT INTO t VALUES (NEW.name, old . \"Full Name\", 'new.text'); "
      "x := new.ID; RETURN NEW; END");
  CHECK(found.columns == std::set<std::string>{"Full Name", "id", "name"});
  CHECK_FALSE(found.inserted);
  CHECK(row_words_of("x := (old).name").columns == std::set<std::string>{"name"});
  CHECK(row_words_of("").columns.empty());
  CHECK(row_words_of("old.").columns.empty());
}

TEST_CASE("whole rows that go into a table are told from those that are only read", "[database]") {
  for (const auto* body :
       {"INSERT INTO gone SELECT OLD.*", "INSERT INTO gone VALUES (new .*)",
        "INSERT INTO emp_audit SELECT 'D', now(), user, OLD.*;",
        "INSERT INTO gone (a, b) VALUES (now(), NEW.*)", "INSERT INTO gone SELECT (OLD).*",
        "INSERT INTO gone SELECT now(), ( new ).*", "INSERT INTO gone VALUES ((old).*)",
        "INSERT INTO gone (SELECT NEW.*)"}) {
    CAPTURE(body);
    CHECK(row_words_of(body).inserted);
  }
  for (const auto* body :
       {"IF (OLD.* IS DISTINCT FROM NEW.*) THEN INSERT INTO log VALUES (old.id); END IF",
        "INSERT INTO log VALUES (hstore(OLD.*), to_jsonb(NEW.*), concat_ws(',', NEW.*))",
        "INSERT INTO log VALUES (hstore((OLD).*))",
        "SELECT OLD.* INTO r; INSERT INTO log VALUES (r.id)",
        "INSERT INTO log SELECT renew.* FROM renew",
        "INSERT INTO log VALUES (row_to_json(NEW)); RETURN NEW"}) {
    CAPTURE(body);
    CHECK_FALSE(row_words_of(body).inserted);
  }
}
