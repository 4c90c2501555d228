#include "release/rules.hpp"

#include "support/catch.hpp"

using namespace zdm::planner;
using Names = std::vector<std::string>;

namespace {

const MigrationId kId{"0007_users_full_name"};

/// Releases 1 to 4 were cut; those of `applied` were applied in that order; `live` serves.
Releases releases(const Names& applied, const std::string& live, const std::string& deploying = "",
                  LiveRule rule = LiveRule::recorded, const Names& cut = {"1", "2", "3", "4"}) {
  std::vector<ReleaseState> states;
  for (const auto& name : applied) {
    states.push_back({name, static_cast<std::int64_t>(states.size()) + 1, name == live});
  }
  return {cut, states, rule, deploying};
}

/// A verdict that holds something back says why, of what, and what to do next.
void check_words(const Verdict& verdict) {
  CAPTURE(verdict.reason, verdict.next);
  if (verdict.goes()) {
    CHECK(verdict.reason.empty());
    return;
  }
  CHECK_FALSE(verdict.reason.empty());
  CHECK_FALSE(verdict.next.empty());
  CHECK(verdict.reason.find('\n') == std::string::npos);
  CHECK(verdict.reason.back() != '.');
}

struct Case {
  const char* what;
  AppliedIn phase;
  std::string deploying;
  Releases releases;
  bool goes;
  const char* names;  ///< must appear in reason or next
};

template <class Rule>
void check_cases(const std::vector<Case>& cases, const Rule& rule) {
  for (const Case& one : cases) {
    INFO(one.what);
    const Verdict all = rule(one, Asked::all);
    const Verdict named = rule(one, Asked::by_name);
    CAPTURE(all.reason, all.next);
    CHECK(all.goes() == one.goes);
    CHECK(all.answer == (one.goes ? Answer::go : Answer::skip));
    CHECK(named.answer == (one.goes ? Answer::go : Answer::refuse));
    check_words(all);
    CHECK((all.reason + "; " + all.next).find(one.names) != std::string::npos);
  }
}

Footprint contracted(const std::string& id, const AppliedIn& switched, const AppliedIn& in) {
  return {{id}, "1", switched, in, false};
}

}  // namespace

TEST_CASE("contract waits for the release that reads the new shape alone", "[unit][release]") {
  const std::vector<Case> cases = {
      {"switch applied before, its release live", "2", "3", releases({"1", "2", "3"}, "2", "3"),
       true, ""},
      {"a later release than switch's is live", "2", "4", releases({"2", "3", "4"}, "3", "4"), true,
       ""},
      {"switch applied in this release too", "3", "3", releases({"1", "2", "3"}, "2", "3"), false,
       "zdm release live 3"},
      {"the same, and it is live already", "3", "3", releases({"2", "3"}, "3", "3"), false,
       "a later release contracts"},
      {"the rollout of switch's release was aborted", "2", "3", releases({"1", "2", "3"}, "1", "3"),
       false, "zdm release live 2"},
      {"nothing is live", "2", "3", releases({"1", "2", "3"}, "", "3"), false,
       "no release is live"},
      {"no release given", "2", "", releases({"1", "2"}, "2"), false, "--release R"},
      {"switch not done", std::nullopt, "3", releases({"1", "2"}, "2", "3"), false,
       "zdm apply --phase switch 0007_users_full_name"},
      {"switch applied without a release", "", "3", releases({"1", "2"}, "2", "3"), false,
       "zdm rollback 0007_users_full_name --to backfill"},
      {"an older release is deployed", "3", "2", releases({"1", "2", "3"}, "3", "2"), false,
       "release 2 does not come after 3"},
      {"assumed: this release makes the one before live", "2", "3",
       releases({"1", "2"}, "", "3", LiveRule::assumed), true, ""},
      {"assumed: the same release", "2", "2", releases({"1", "2"}, "", "2", LiveRule::assumed),
       false, "applied in release 2 too"},
      {"without zdm.lock, by first apply", "b", "c",
       releases({"a", "b"}, "b", "c", LiveRule::recorded, {}), true, ""},
      {"without zdm.lock, the older is live", "b", "c",
       releases({"a", "b"}, "a", "c", LiveRule::recorded, {}), false, "zdm release live b"},
      {"a hotfix of an older release deploys", "3", "2.1",
       releases({"2", "3"}, "3", "2.1", LiveRule::recorded, {"1", "2", "2.1", "3"}), false,
       "release 2.1 does not come after 3"},
  };
  check_cases(cases, [](const Case& one, Asked asked) {
    return may_contract({kId, one.deploying, asked}, one.phase, one.releases);
  });
}

TEST_CASE("phases that need the application's help wait until it is live", "[unit][release]") {
  const std::vector<Case> cases = {
      {"its release is live", "2", "2", releases({"1", "2"}, "2", "2"), true, ""},
      {"a later one is live", "2", "4", releases({"2", "3"}, "3", "4"), true, ""},
      {"only an older one is live", "2", "2", releases({"1", "2"}, "1", "2"), false,
       "zdm release live 2"},
      {"nothing is live", "2", "3", releases({"1", "2"}, "", "3"), false, "no release is live"},
      {"assumed: a later one is deployed", "2", "3",
       releases({"1", "2"}, "", "3", LiveRule::assumed), true, ""},
      {"assumed: it is deployed now", "2", "2", releases({"1"}, "", "2", LiveRule::assumed), false,
       "zdm release live 2"},
      {"expand applied without a release", "", "3", releases({"1"}, "1", "3"), false,
       "zdm rollback 0007_users_full_name --to none"},
      {"expand not applied", std::nullopt, "3", releases({"1"}, "1", "3"), false,
       "zdm apply --phase expand 0007_users_full_name"},
  };
  for (const Need need : {Need::writes_both, Need::meets_demand}) {
    check_cases(cases, [&](const Case& one, Asked asked) {
      return may_start_when_live({kId, one.deploying, asked}, need, one.phase, one.releases);
    });
  }
  const auto app = may_start_when_live({kId, "2", Asked::all}, Need::writes_both, "2",
                                       releases({"1", "2"}, "1", "2"));
  CHECK(app.reason.starts_with("backfill of 0007_users_full_name waits for release 2 to be live"));
  const auto demand = may_start_when_live({kId, "2", Asked::all}, Need::meets_demand, "2",
                                          releases({"1", "2"}, "1", "2"));
  CHECK(demand.reason.starts_with("switch of 0007_users_full_name waits for release 2 to be live"));
}

TEST_CASE("a phase is not undone under a live release that may need it", "[unit][release]") {
  const auto undo = [](const AppliedIn& applied, const Releases& known, bool allowed = false) {
    const auto verdict = may_undo(kId, Phase::expand, applied, known, allowed);
    check_words(verdict);
    return verdict.answer;
  };
  CHECK(undo("2", releases({"1", "2"}, "1")) == Answer::go);
  CHECK(undo("2", releases({"1", "2"}, "2")) == Answer::refuse);
  CHECK(undo("2", releases({"1", "2", "3"}, "3")) == Answer::refuse);
  CHECK(undo("2", releases({"1", "2", "3"}, "3"), true) == Answer::go);
  CHECK(undo("2", releases({"1", "2"}, "")) == Answer::go);
  CHECK(undo(std::nullopt, releases({"1", "2"}, "2")) == Answer::go);
  CHECK(undo("", releases({"1", "2"}, "1")) == Answer::refuse);
  CHECK(undo("", releases({}, "")) == Answer::go);
  CHECK(undo("", releases({"1", "2"}, "1"), true) == Answer::go);
}

TEST_CASE("the floor is the newest release that shipped switch of what is contracted",
          "[unit][release]") {
  const auto known = releases({"1", "2", "3", "4"}, "4");
  CHECK(floor_of({}, known).release.empty());
  CHECK(floor_of({}, known).reasons.empty());
  CHECK(floor_of({{kId, "1", "2", std::nullopt, false}}, known).release.empty());
  CHECK(floor_of({contracted("a", "2", "4")}, known).release == "2");
  CHECK(floor_of({contracted("a", "2", "4"), contracted("b", "3", "4")}, known).release == "3");
  const auto floor = floor_of({contracted("a", "3", "4"), contracted("b", "2", "4")}, known);
  CHECK(floor.release == "3");
  REQUIRE(floor.reasons.size() == 2);
  CHECK(floor.reasons[0] == "a is contracted: code older than 3 needs what was dropped");
  // switch without a release: the release that contracted stands in
  CHECK(floor_of({contracted("a", "", "4")}, known).release == "4");
  CHECK(floor_of({contracted("a", "", "")}, known).release == "1");
  CHECK(floor_of({{kId, "", "", "", false}}, known).release.empty());
  CHECK(floor_of({{kId, "", "", "", false}}, known).reasons.size() == 1);
}

TEST_CASE("a new demand raises the floor at switch, to the release that meets it",
          "[unit][release]") {
  const auto known = releases({"1", "2", "3"}, "3");
  CHECK(floor_of({{kId, "2", std::nullopt, std::nullopt, true}}, known).release.empty());
  CHECK(floor_of({{kId, "2", "3", std::nullopt, true}}, known).release == "2");
  CHECK(floor_of({{kId, "", "3", std::nullopt, true}}, known).release == "3");
}

TEST_CASE("a release may run at or above the floor", "[unit][release]") {
  const auto known = releases({"1", "2", "3"}, "3");
  const Floor floor = floor_of({contracted("a", "2", "3")}, known);
  const auto answer = [&](const std::string& release, const Floor& at) {
    const auto verdict = may_run(release, at, known);
    check_words(verdict);
    return verdict.answer;
  };
  CHECK(answer("1", floor) == Answer::refuse);
  CHECK(answer("2", floor) == Answer::go);
  CHECK(answer("3", floor) == Answer::go);
  CHECK(answer("4", floor) == Answer::go);
  CHECK(answer("unknown", floor) == Answer::refuse);
  CHECK(answer("", floor) == Answer::refuse);
  CHECK(answer("1", {}) == Answer::go);
  CHECK(answer("", {}) == Answer::go);
  CHECK(answer("3", floor_of({{kId, "", "", "", false}}, known)) == Answer::refuse);
  CHECK(may_run("1", floor, known).reason ==
        "release 1 lies below 2, the oldest that may run against this database");
}

TEST_CASE("a ledger ahead of the checkout is no drift, but the floor holds", "[unit][release]") {
  const auto known = releases({"1", "2", "3"}, "3");
  const Floor floor = floor_of({contracted("a", "2", "3")}, known);
  const auto answer = [&](const std::vector<Standing>& standings, const std::string& deploying) {
    const auto verdict = may_apply_checkout(standings, deploying, floor, known);
    check_words(verdict);
    return verdict.answer;
  };
  const MigrationId b{"b"};
  // level, behind, or not begun
  CHECK(answer({}, "1") == Answer::go);
  CHECK(answer({{b, Phase::expand, Phase::expand}}, "1") == Answer::go);
  CHECK(answer({{b, Phase::expand, Phase::contract}}, "3") == Answer::go);
  CHECK(answer({{b, std::nullopt, Phase::expand}}, "3") == Answer::go);
  CHECK(answer({{b, std::nullopt, std::nullopt}}, "3") == Answer::go);
  // finished, and its file was tidied away
  CHECK(answer({{b, Phase::contract, std::nullopt}}, "1") == Answer::go);
  // a parked file may say less than was done
  CHECK(answer({{b, Phase::switch_, Phase::expand, true}}, "1") == Answer::go);
  // ahead
  CHECK(answer({{b, Phase::backfill, Phase::expand}}, "2") == Answer::skip);
  CHECK(answer({{b, Phase::backfill, Phase::expand}}, "1") == Answer::refuse);
  CHECK(answer({{b, Phase::expand, std::nullopt}}, "3") == Answer::skip);
  CHECK(answer({{b, Phase::expand, std::nullopt}}, "1") == Answer::refuse);
  CHECK(answer({{b, Phase::expand, std::nullopt}}, "") == Answer::refuse);
  CHECK(may_apply_checkout({{b, Phase::expand, std::nullopt}}, "", {}, known).answer ==
        Answer::skip);
  // and it brings one of its own
  const MigrationId c{"c"};
  const Standing gone{b, Phase::expand, std::nullopt};
  CHECK(answer({gone, {c, std::nullopt, Phase::expand}}, "3") == Answer::refuse);
  CHECK(answer({{c, std::nullopt, Phase::expand}, gone}, "3") == Answer::refuse);
  CHECK(answer({gone, {c, std::nullopt, Phase::expand, true}}, "3") == Answer::skip);
  CHECK(answer({gone, {c, Phase::expand, Phase::switch_}}, "3") == Answer::skip);
}
