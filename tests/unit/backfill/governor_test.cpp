#include "backfill/governor.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace zdm::migrations;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Verdict = Decision::Verdict;

namespace {

Decision ask(Governor& governor, std::vector<Brake> brakes = {}) {
  return governor.ask(brakes, 0.5);
}

}  // namespace

TEST_CASE("a batch grows towards its target by half at most", "[unit][backfill]") {
  Governor governor({.target = milliseconds(10), .first = 64, .most = 512});
  governor.committed(64, milliseconds(1));
  CHECK(governor.size() == 96);
  governor.committed(96, milliseconds(8));
  CHECK(governor.size() == 120);
  for (int i = 0; i < 20; ++i) governor.committed(governor.size(), milliseconds(1));
  CHECK(governor.size() == 512);
}

TEST_CASE("a batch that took too long shrinks by half at most", "[unit][backfill]") {
  Governor governor({.target = milliseconds(10), .first = 64});
  governor.committed(64, milliseconds(1000));
  CHECK(governor.size() == 32);
  governor.committed(32, milliseconds(16));
  CHECK(governor.size() == 20);
}

TEST_CASE("a batch cut short by the end of its window is judged by its share", "[unit][backfill]") {
  Governor governor({.target = milliseconds(10), .first = 100});
  governor.committed(10, milliseconds(1));
  CHECK(governor.size() == 100);
}

TEST_CASE("a batch of one block can grow again", "[unit][backfill]") {
  Governor governor({.target = milliseconds(10), .first = 1});
  governor.committed(1, milliseconds(1));
  CHECK(governor.size() == 2);
}

TEST_CASE("after a lock timeout the batch is halved and waits, with the reason",
          "[unit][backfill]") {
  Governor governor({.first = 64});
  CHECK(ask(governor).verdict == Verdict::go);
  governor.failed("55P03");
  CHECK(governor.size() == 32);
  const Decision decision = ask(governor);
  CHECK(decision.verdict == Verdict::slow);
  CHECK(decision.pause == milliseconds(20));
  CHECK(decision.reason.find("55P03") != std::string::npos);
  governor.failed("40P01");
  CHECK(ask(governor).pause == milliseconds(40));
  for (int i = 0; i < 30; ++i) governor.failed("40001");
  CHECK(ask(governor).pause == milliseconds(500));
  CHECK(governor.size() == 1);
  governor.committed(1, milliseconds(1));
  CHECK(ask(governor).verdict == Verdict::go);
}

TEST_CASE("timeouts of one block in a row are counted", "[unit][backfill]") {
  Governor governor({.first = 2});
  governor.failed("57014");
  CHECK(governor.timeouts_of_one() == 0);
  governor.failed("57014");
  governor.failed("57014");
  CHECK(governor.timeouts_of_one() == 2);
  governor.committed(1, milliseconds(1));
  CHECK(governor.timeouts_of_one() == 0);
}

TEST_CASE("a duty of a quarter pauses three times as long as the batch took", "[unit][backfill]") {
  Governor governor({.duty_percent = 25});
  governor.committed(64, milliseconds(10));
  const Decision decision = ask(governor);
  CHECK(decision.verdict == Verdict::slow);
  CHECK(decision.pause == milliseconds(30));
  CHECK(decision.reason == "duty 25 %");
  CHECK(ask(governor).verdict == Verdict::go);
}

TEST_CASE("a gap is kept between two batches, and is no reason worth showing", "[unit][backfill]") {
  Governor governor({.gap = milliseconds(5)});
  governor.committed(64, milliseconds(1));
  const Decision decision = ask(governor);
  CHECK(decision.verdict == Verdict::slow);
  CHECK(decision.pause == milliseconds(5));
  CHECK(decision.reason.empty());
}

TEST_CASE("the strongest brake decides and gives the reason", "[unit][backfill]") {
  Governor governor({});
  const Brake slow{.pull = Brake::Pull::slow, .pause = milliseconds(7), .reason = "lag"};
  const Brake hold{.pull = Brake::Pull::hold, .pause = milliseconds(3), .reason = "health"};
  const Brake stop{.pull = Brake::Pull::stop, .reason = "disk"};
  CHECK(ask(governor, {Brake{}, slow}).verdict == Verdict::slow);
  const Decision held = ask(governor, {slow, hold});
  CHECK(held.verdict == Verdict::hold);
  CHECK(held.reason == "health");
  CHECK(held.pause == milliseconds(7));
  CHECK(ask(governor, {stop, hold}).verdict == Verdict::stop);
}

TEST_CASE("one batch in sixteen is metered", "[unit][backfill]") {
  Governor governor({});
  int metered = 0;
  for (int i = 0; i < 160; ++i) metered += governor.meter() ? 1 : 0;
  CHECK(metered == 10);
}

TEST_CASE("when rows do not stay on their pages, blocks are visited once", "[unit][backfill]") {
  Governor governor({.stripes = 8});
  for (int i = 0; i < 3; ++i) governor.metered(1000, 750);
  CHECK(governor.stripes() == 8);
  for (int i = 0; i < 3; ++i) governor.metered(1000, 10);
  CHECK(governor.stripes() == 1);
  governor.explain_pruning("pid 7 holds an old snapshot");
  CHECK(ask(governor).reason == "pid 7 holds an old snapshot");

  SECTION("and after some windows stripes are tried again") {
    for (int i = 0; i < 16; ++i) governor.window_begun();
    CHECK(governor.stripes() == 1);
    governor.window_begun();
    CHECK(governor.stripes() == 8);
  }
  SECTION("and another leaf begins anew") {
    governor.stripe_by(16);
    CHECK(governor.stripes() == 16);
  }
}

TEST_CASE("a few metered rows prove nothing", "[unit][backfill]") {
  Governor governor({.stripes = 8});
  for (int i = 0; i < 5; ++i) governor.metered(10, 0);
  governor.metered(0, 0);
  CHECK(governor.stripes() == 8);
}

TEST_CASE("the target makes no batch smaller than the least, failures do", "[unit][backfill]") {
  Governor governor({.target = milliseconds(10), .first = 64});
  governor.stripe_by(8, 32);
  for (int i = 0; i < 5; ++i) governor.committed(governor.size(), milliseconds(25));
  CHECK(governor.size() == 32);
  SECTION("a failure") {
    governor.failed("57014");
    CHECK(governor.size() == 16);
    governor.committed(16, milliseconds(25));
    CHECK(governor.size() == 16);
    governor.committed(16, milliseconds(1));
    CHECK(governor.size() == 24);
  }
  SECTION("a statement of more than three times the target") {
    governor.committed(32, milliseconds(40));
    CHECK(governor.size() == 16);
  }
}

TEST_CASE("a slow COMMIT makes no batch smaller", "[unit][backfill]") {
  Governor governor({.target = milliseconds(10), .first = 64});
  governor.committed(64, milliseconds(10), milliseconds(15));
  CHECK(governor.size() == 96);
  governor.committed(96, milliseconds(30), milliseconds(15));
  CHECK(governor.size() == 96);
  SECTION("but a very slow one does not make it long") {
    for (int i = 0; i < 50; ++i)
      governor.committed(governor.size(), milliseconds(100), milliseconds(900));
    CHECK(governor.size() == 1);
  }
}

TEST_CASE("the duty counts the COMMIT too", "[unit][backfill]") {
  Governor governor({.duty_percent = 50});
  governor.committed(64, milliseconds(10), milliseconds(5));
  CHECK(ask(governor).pause == milliseconds(15));
}
