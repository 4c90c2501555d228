#include "database/catalog/words.hpp"
#include "support/catch.hpp"

using zdm::migrations::row_words_of;

TEST_CASE("what a trigger's function takes of its rows", "[database]") {
  const auto found = row_words_of(
      "BEGIN -- old.gone\n INSERT INTO t VALUES (NEW.name, old . \"Full Name\", 'new.text'); "
      "x := new.ID; RETURN NEW; END");
  CHECK(found.columns == std::set<std::string>{"Full Name", "id", "name"});
  CHECK_FALSE(found.whole);
  CHECK(row_words_of("INSERT INTO gone SELECT OLD.*").whole);
  CHECK(row_words_of("INSERT INTO gone VALUES (new .*)").whole);
  CHECK_FALSE(row_words_of("SELECT renew.*, old FROM renew").whole);
  CHECK(row_words_of("").columns.empty());
  CHECK(row_words_of("old.").columns.empty());
}
