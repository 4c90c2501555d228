#include "sql/expression.hpp"

#include <ctime>

#include "sql/quote.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

constexpr auto kPg = Engine::postgresql;
constexpr auto kLite = Engine::sqlite;
using Names = std::vector<std::string>;

// A linear answer takes milliseconds, a quadratic or exponential one minutes: this tells them apart
// however slow the machine and the build are. Processor time, for a busy machine is no fault.
constexpr int kSeconds = 60;

ExpressionFacts facts(Engine engine, std::string_view text) {
  INFO(text);
  const auto found = analyse_expression(engine, text);
  if (!found) FAIL(found.error().message << " at " << found.error().offset);
  return *found;
}

SqlFault wrong(Engine engine, std::string_view text) {
  INFO(text);
  const auto found = analyse_expression(engine, text);
  if (found) FAIL("accepted: " << text);
  return found.error();
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// Every column as a record's field, as in a trigger.
std::string with_new(Engine engine, std::string_view text) {
  return replace_columns(engine, text, [](std::string_view name) {
    return name == "keep" ? std::string() : "new." + quote_identifier(name);
  });
}

}  // namespace

TEST_CASE("an expression names its columns once, in order", "[sql][expression]") {
  for (const Engine engine : {kPg, kLite}) {
    CHECK(facts(engine, "b || a || b").columns == Names{"b", "a"});
    CHECK(facts(engine, "users.a + app.users.b").columns == Names{"a", "b"});
    CHECK(facts(engine, "\"My \"\"Col\"").columns == Names{"My \"Col"});
    CHECK(facts(engine, "case when a is null then 'b' else c end").columns == Names{"a", "c"});
    CHECK(facts(engine, "cast(a as varchar(20))").columns == Names{"a"});
    CHECK(facts(engine, "a in (1, 2) and b not like 'x%' escape '!'").columns == Names{"a", "b"});
    CHECK(facts(engine, "a between b and -c /* d */").columns == Names{"a", "b", "c"});
    CHECK(facts(engine, "'größe' || größe").columns == Names{"größe"});
    CHECK(facts(engine, "(a) = (b)").columns == Names{"a", "b"});
    CHECK(facts(engine, "(a, b) = (c, d)").columns == Names{"a", "b", "c", "d"});
    CHECK(facts(engine, "a is not null and not b").columns == Names{"a", "b"});
    CHECK(facts(engine, "a is not distinct from b").columns == Names{"a", "b"});
    CHECK(facts(engine, "current_date").columns.empty());
    CHECK(facts(engine, "-- why\n a").columns == Names{"a"});
    CHECK(facts(engine, "1 + .5e3 - 2").columns.empty());
    CHECK(facts(engine, "true").columns.empty());
    CHECK(facts(engine, "a->>'b'").columns == Names{"a"});
  }
  CHECK(facts(kPg, "Name::text").columns == Names{"name"});
  CHECK(facts(kPg, "a[1] + (b).c").columns == Names{"a", "b"});
  CHECK(facts(kPg, "extract(year from d) at time zone 'UTC'").columns == Names{"d"});
  CHECK(facts(kPg, "U&\"d\\0061t\" + 1").columns == Names{"dat"});
  CHECK(facts(kPg, "$$a$$ || b").columns == Names{"b"});
  CHECK(facts(kPg, "row(a, b)::pair").columns == Names{"a", "b"});
  CHECK(facts(kLite, "[a b] + `c``d`").columns == Names{"a b", "c`d"});
  CHECK(facts(kLite, "x'00ff' || end || a collate nocase").columns == Names{"end", "a"});
  CHECK(facts(kLite, "case a when 1 then end end").columns == Names{"a", "end"});
  CHECK(facts(kLite, "a isnull or b not null or a<<2>=b").columns == Names{"a", "b"});
}

TEST_CASE("an expression names its functions and says whether it has a subquery",
          "[sql][expression]") {
  for (const Engine engine : {kPg, kLite}) {
    CHECK(facts(engine, "lower(upper(a))").functions == Names{"lower", "upper"});
    CHECK(facts(engine, "random()").functions == Names{"random"});
    CHECK_FALSE(facts(engine, "lower(a)").subquery);
    CHECK(facts(engine, "(select max(b) from t where t.x = a)").subquery);
    CHECK(facts(engine, "exists (select * from t)").subquery);
    CHECK(facts(engine, "a in (select count(*) from t)").subquery);
    CHECK(facts(engine, "(select a, b from t limit 1)").subquery);
  }
  CHECK(facts(kPg, "app.f(a)").functions == Names{"app.f"});
  CHECK(facts(kLite, "replace(a, 'x', '') like glob('a', b)").functions ==
        Names{"replace", "glob"});
}

TEST_CASE("what is not one expression is a fault that says where", "[sql][expression]") {
  using Catch::Matchers::Contains;
  for (const Engine engine : {kPg, kLite}) {
    CHECK_THAT(wrong(engine, "").message, Contains("empty"));
    CHECK_THAT(wrong(engine, " \n-- nothing\n/* at all */").message, Contains("empty"));
    const SqlFault closes = wrong(engine, "a) FROM users WHERE (true");
    CHECK_THAT(closes.message, Contains("')' closes nothing"));
    CHECK(closes.offset == 1);
    CHECK(wrong(engine, "a) + (b").offset == 1);
    const SqlFault comment = wrong(engine, "1 -- x");
    CHECK_THAT(comment.message, Contains("comment"));
    CHECK(comment.offset == 2);
    const SqlFault semicolon = wrong(engine, "a; drop table x");
    CHECK_THAT(semicolon.message, Contains("semicolon"));
    CHECK(semicolon.offset == 1);
    CHECK_THAT(wrong(engine, "*").message, Contains("star") || Contains("syntax error"));
    CHECK_THAT(wrong(engine, "t.*").message, Contains("star"));
    CHECK_THAT(wrong(engine, "(a, b)").message, Contains("row"));
    CHECK_THAT(wrong(engine, "((a, b))").message, Contains("row"));
    CHECK_THAT(wrong(engine, "a, b").message, Contains("several values"));
    CHECK_THAT(wrong(engine, "(a").message, Contains("not closed"));
    CHECK_THAT(wrong(engine, "a +").message, Contains("too early"));
    CHECK(wrong(engine, "a +").offset == 3);
    CHECK(wrong(engine, "'é' 'b' c").offset >= 5);
    CHECK(wrong(engine, "é é").offset == 3);
    CHECK(wrong(engine, "a AS b").offset == 2);
    CHECK_THAT(wrong(engine, "a || 'b").message, Contains("quoted string"));
    CHECK(wrong(engine, "a || 'b").offset == 5);
    CHECK_THAT(wrong(engine, "/* a").message, Contains("comment"));
    CHECK_THAT(wrong(engine, "a\xC3").message, Contains("UTF-8"));
    CHECK_THAT(wrong(engine, std::string_view("a\0b", 3)).message, Contains("zero byte"));
    CHECK_THAT(wrong(engine, "$1").message, Contains("$1 has no value"));
    CHECK(wrong(engine, "select 1").offset == 0);
    CHECK(wrong(engine, "(select 1) union (select 2)").offset == 11);
    CHECK_FALSE(analyse_expression(engine, "distinct a"));
    CHECK_FALSE(analyse_expression(engine, "values (1)"));
    CHECK_FALSE(analyse_expression(engine, "a b"));
    CHECK_FALSE(analyse_expression(engine, "from"));
    CHECK_FALSE(analyse_expression(engine, "a from t"));
    CHECK_FALSE(analyse_expression(engine, "count(*)"));
    CHECK_FALSE(analyse_expression(engine, "rank() over (order by a)"));
    CHECK_FALSE(analyse_expression(engine, "select 1; select 2"));
    CHECK_FALSE(analyse_expression(engine, "1a"));
  }
  CHECK_FALSE(analyse_expression(kPg, "(a).*"));
  CHECK_FALSE(analyse_expression(kPg, "row(a)"));
  CHECK_FALSE(analyse_expression(kPg, "default"));
  CHECK_FALSE(analyse_expression(kLite, "x'0'"));
  CHECK_FALSE(analyse_expression(kLite, "a ! b"));
}

TEST_CASE("a text too long or too deep is a fault, told without delay", "[sql][expression]") {
  const Names hostile = {repeated("a || ", 50'000) + "a",
                         repeated("(", 10'000) + "1" + repeated(")", 10'000),
                         repeated("(", 60'000),
                         repeated("1+", 32'000) + "1",
                         repeated("- ", 32'000) + "1",
                         repeated("not ", 9'990) + "a",
                         repeated("f(", 4'990) + repeated(")", 4'990),
                         repeated("case when a then ", 2'000) + "1" + repeated(" end", 2'000),
                         repeated("/*", 30'000),
                         repeated("/**/", 15'000) + "a",
                         "a " + repeated("+", 60'000) + " b",
                         repeated(repeated("+", 62) + "a ", 1'000),
                         repeated("$a$", 20'000),
                         repeated("a.", 30'000) + "a",
                         repeated("a[", 4'000) + "1" + repeated("]", 4'000)};
  for (const std::string& text : hostile) {
    INFO(text.substr(0, 20) << "… " << text.size());
    const std::clock_t start = std::clock();
    const auto found = analyse_expression(kPg, text);
    if (text.size() > 20'000 && text[0] != 'f' && text[0] != 'n') CHECK_FALSE(found);
    (void)analyse_expression(kLite, text);
    CHECK((std::clock() - start) / CLOCKS_PER_SEC < kSeconds);
  }
  CHECK_FALSE(analyse_expression(kLite, hostile[0]));
}

TEST_CASE("columns are replaced where they stand and nothing else changes", "[sql][expression]") {
  for (const Engine engine : {kPg, kLite}) {
    CHECK(with_new(engine, "a || ' a ' || \"B c\"") == "new.a || ' a ' || new.\"B c\"");
    CHECK(with_new(engine, "users.a + app . users /* x */ . \"b\"") == "new.a + new.b");
    CHECK(with_new(engine, "users.keep + a") == "users.keep + new.a");
    CHECK(with_new(engine, "lower(lower) -- lower\n") == "lower(new.lower) -- lower\n");
    CHECK(with_new(engine, "NOT\"a\"AND b") == "NOT new.a AND new.b");
    CHECK(with_new(engine, "größe /* größe */+ größe") ==
          "new.\"größe\" /* größe */+ new.\"größe\"");
    CHECK(with_new(engine, "case when a then b end") == "case when new.a then new.b end");
    CHECK(with_new(engine, "a; drop") == "a; drop");
  }
  CHECK(with_new(kPg, "a::text::int + A[1]") == "new.a::text::int + new.a[1]");
  CHECK(with_new(kPg, "(a).b || U&\"!0061\" UESCAPE '!' || c") == "(new.a).b || new.a || new.c");
  CHECK(with_new(kPg, "\"a\"\"b\"||E'\\'a'") == "new.\"a\"\"b\"||E'\\'a'");
  CHECK(with_new(kLite, "[a b]||`c`") == "new.\"a b\"||new.c");
}

TEST_CASE("a script is split where its statements end", "[sql][split]") {
  const auto texts = [](Engine engine, std::string_view script) {
    const auto parts = split_statements(engine, script);
    REQUIRE(parts);
    Names found;
    for (const SqlStatement& part : *parts) {
      CHECK(script.substr(part.offset, part.text.size()) == part.text);
      found.push_back(part.text);
    }
    return found;
  };
  for (const Engine engine : {kPg, kLite}) {
    CHECK(texts(engine, "").empty());
    CHECK(texts(engine, "-- nothing\n;;").empty());
    CHECK(texts(engine, "select 1") == Names{"select 1"});
    CHECK(texts(engine, "-- é\n select ';' ; /* b; */\nselect 2;\n-- end") ==
          Names{"select ';'", "select 2"});
  }
  CHECK(texts(kPg, "/* a /* b */ ; */ select $$;$$ /* c */") == Names{"select $$;$$ /* c */"});
  CHECK(texts(kPg, "-- a\rselect 1; --\r--\r\nselect 2") == Names{"select 1", "select 2"});
  const std::string banner = "/*" + repeated("*", 5'000) + "/\n";
  const std::string statement = "select '" + repeated("-", 100) + "';\n";
  CHECK(texts(kPg, repeated(banner + statement, 20)).size() == 20);
  CHECK(texts(kPg,
              "create function f() returns void language sql begin atomic select 1; end; "
              "select 2") ==
        Names{"create function f() returns void language sql begin atomic select 1; end",
              "select 2"});
  const std::string trigger =
      "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; "
      "DELETE FROM c; END";
  CHECK(texts(kLite, trigger + "; select 1;") == Names{trigger, "select 1"});
  CHECK(texts(kLite, "begin; create table t(a); end;") ==
        Names{"begin", "create table t(a)", "end"});

  const auto broken = split_statements(kPg, "select 1;\nsélect 2");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().offset == 10);
  CHECK_FALSE(split_statements(kLite, "select 'a"));
}

TEST_CASE("a column and casts of it are told from other expressions", "[sql]") {
  for (const auto* text :
       {"amount", "\"amount\"", "(amount)", "amount::bigint", "CAST(amount AS bigint)",
        "cast(amount as numeric(10, 2))::text", "((amount)::double precision)", "Amount",
        "CAST(CAST(amount AS text) AS app.\"Kind\"[])"}) {
    CAPTURE(text);
    CHECK(is_cast_of(text, "amount"));
  }
  for (const auto* text : {"amount * 100", "-amount", "abs(amount)", "amount::int + 1",
                           "CAST(round(amount * 100) AS bigint)", "other", "amount IS NULL",
                           "amount AT TIME ZONE 'UTC'", "amount || 'x'", "coalesce(amount, 0)",
                           "amount::text || 'x'", "'amount'", ""}) {
    CAPTURE(text);
    CHECK_FALSE(is_cast_of(text, "amount"));
  }
  CHECK(is_cast_of("\"a\"\"b\"::text", "a\"b"));
  CHECK(is_cast_of("\"\"\"\"", "\""));
  CHECK_FALSE(is_cast_of("\"a\"\"b\"", "a\"\"b"));
}
