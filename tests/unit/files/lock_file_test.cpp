#include "files/lock_file.hpp"

#include <fstream>
#include <random>
#include <sstream>

#include "fake_host.hpp"
#include "support/catch.hpp"

using namespace zdm;
using migrations::LockEntry;
using migrations::LockFile;
using migrations::LockRelease;
using migrations::parse_lock_file;
using planner::ErrorCode;
using planner::Migration;
using planner::Phase;
using tests::Folder;

namespace {

const std::string kSum = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');
constexpr const char* kTime = "2026-11-23T12:57:31Z";

std::string header() {
  return "zdm-lock\t1\n";
}
std::string release(const std::string& name, const std::string& parent, bool hotfix = false) {
  return "release\t" + name + "\tparent\t" + parent + "\t" + kTime + (hotfix ? "\thotfix\n" : "\n");
}
std::string migration(const std::string& id, const std::string& phase = "expand") {
  return "migration\t" + id + "\t" + phase + "\t" + kSum + "\n";
}

LockFile parsed(const std::string& text) {
  auto file = parse_lock_file(text, "zdm.lock");
  INFO((file ? "" : file.error().message));
  REQUIRE(file);
  return *file;
}

void refused_at(const std::string& text, int line) {
  INFO(text);
  const auto file = parse_lock_file(text, "zdm.lock");
  REQUIRE_FALSE(file);
  CHECK(file.error().code == ErrorCode::usage);
  REQUIRE(file.error().where);
  CHECK(file.error().where->line == line);
  CHECK_FALSE(file.error().hint.empty());
}

Migration at(const std::string& id, Phase phase, const std::string& checksum = kSum) {
  Migration one;
  one.id = {id};
  one.phase = phase;
  one.checksum = checksum;
  one.expressions_checksum = checksum;
  return one;
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

bool same(const LockFile& left, const LockFile& right) {
  return std::equal(left.releases.begin(), left.releases.end(), right.releases.begin(),
                    right.releases.end(), [](const LockRelease& a, const LockRelease& b) {
                      return a.release == b.release && a.parent == b.parent && a.time == b.time &&
                             a.hotfix == b.hotfix && a.entries == b.entries;
                    });
}

LockFile random_file(std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return random() % limit; };
  LockFile file{"zdm.lock", {}};
  for (std::size_t i = 0, count = below(6); i < count; ++i) {
    LockRelease one{.release = "r\xC3\xA9 " + std::to_string(i), .time = kTime};
    if (i > 0) one.parent = file.releases[below(i)].release;
    one.hotfix = i > 0 && below(2) == 0;
    for (std::size_t j = 0, entries = below(5); j < entries; ++j) {
      one.entries.push_back(
          {"migration", std::to_string(j) + "_x", planner::kPhases[below(4)], kSum});
    }
    for (std::size_t j = 0, entries = below(3); j < entries; ++j) {
      one.entries.push_back({"sql", "db/V" + std::to_string(j) + ".sql", std::nullopt, kOther});
    }
    file.releases.push_back(std::move(one));
  }
  return file;
}

}  // namespace

TEST_CASE("what is written is read back the same, and written the same again", "[unit][files]") {
  std::mt19937 random(20261123);
  for (int round = 0; round < 500; ++round) {
    const LockFile file = random_file(random);
    const auto text = migrations::to_text(file);
    const LockFile back = parsed(text);
    REQUIRE(same(file, back));
    REQUIRE(migrations::to_text(back) == text);
  }
}

TEST_CASE("a truncated or damaged lock is read or refused with a line, never more",
          "[unit][files]") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    auto text = migrations::to_text(random_file(random));
    if (random() % 2 == 0) text.resize(random() % text.size());
    if (!text.empty()) text[random() % text.size()] = static_cast<char>(random() % 256);
    const auto file = parse_lock_file(text, "zdm.lock");
    if (!file) {
      REQUIRE(file.error().code == ErrorCode::usage);
      REQUIRE(file.error().where);
      REQUIRE(file.error().where->line >= 1);
    }
  }
}

TEST_CASE("every field of a lock is read", "[unit][files]") {
  const LockFile file =
      parsed(header() + release("1.0", "-") + migration("0001_a", "switch") + "sql\tdb/V1.sql\t" +
             kSum + "\n" + release("1.0.1", "1.0", true) + release("1.1", "1.0"));
  REQUIRE(file.releases.size() == 3);
  CHECK(file.releases[0].parent.empty());
  CHECK(file.releases[0].line == 2);
  CHECK(file.releases[0].time == kTime);
  CHECK(file.releases[0].entries[0].phase == Phase::switch_);
  CHECK(file.releases[0].entries[1].id == "db/V1.sql");
  CHECK(file.releases[1].hotfix);
  CHECK(file.releases[2].parent == "1.0");
  CHECK(migrations::newest_release(file)->release == "1.1");
}

TEST_CASE("line ends of Windows and a missing last one are read", "[unit][files]") {
  CHECK(parsed("zdm-lock\t1\r\nrelease\t1\tparent\t-\t" + std::string(kTime)).releases.size() == 1);
}

TEST_CASE("every malformed line is refused with its number", "[unit][files]") {
  const auto head = header() + release("1", "-");
  refused_at("", 1);
  refused_at("\n", 1);
  refused_at("zdm-lock 1\n", 1);
  refused_at("zdm-lock\t2\n", 1);
  refused_at(release("1", "-"), 1);
  refused_at(head + "\n", 3);
  refused_at(head + "note\n", 3);
  refused_at(head + "# comment\n", 3);
  refused_at(head + "migration\ta\texpand\n", 3);
  refused_at(head + "migration\ta\texpand\tsha256:12\n", 3);
  refused_at(head + "migration\ta\texpand\tmd5:" + std::string(64, 'a') + "\n", 3);
  refused_at(head + "migration\ta\tnone\t" + kSum + "\n", 3);
  refused_at(head + "migration\t\texpand\t" + kSum + "\n", 3);
  refused_at(head + "migration\ta\x01\texpand\t" + kSum + "\n", 3);
  refused_at(head + "migration\ta\xFF\texpand\t" + kSum + "\n", 3);
  refused_at(head + "migration\ta\texpand\t" + kSum + "\tmore\n", 3);
  refused_at(head + "sql\ta\texpand\t" + kSum + "\n", 3);
  refused_at(head + "sql\ta\n", 3);
  refused_at(header() + migration("a"), 2);
  refused_at(header() + "release\t1\tparent\t-\n", 2);
  refused_at(header() + "release\t1\tchild\t-\t" + kTime + "\n", 2);
  refused_at(header() + "release\t1\tparent\t-\tyesterday\n", 2);
  refused_at(header() + "release\t1\tparent\t\t" + kTime + "\n", 2);
  refused_at(header() + "release\t\tparent\t-\t" + kTime + "\n", 2);
  refused_at(header() + "release\t-\tparent\t-\t" + kTime + "\n", 2);
  refused_at(header() + "release\t1\tparent\t-\t" + kTime + "\tcoldfix\n", 2);
  refused_at(header() + release("1", "-", true), 2);
  refused_at(header() + release("2", "1"), 2);
  refused_at(head + release("1", "-"), 3);
  refused_at(head + migration("a") + migration("a", "switch"), 4);
  refused_at(head + migration("b") + migration("a"), 4);
  refused_at(head + "sql\tx\t" + kSum + "\n" + migration("a"), 4);
}

TEST_CASE("conflict markers are named as such", "[unit][files]") {
  for (const char* marker : {"<<<<<<< HEAD", "||||||| 1234567", "=======", ">>>>>>> theirs"}) {
    const auto text = header() + release("1", "-") + marker + "\n" + release("2", "1");
    refused_at(text, 3);
    CHECK(parse_lock_file(text, "zdm.lock").error().message.find("conflict marker") !=
          std::string::npos);
    refused_at(std::string(marker) + "\n" + header(), 1);
  }
}

TEST_CASE("a missing lock is an empty one", "[unit][files]") {
  const Folder folder;
  const auto file = migrations::read_lock_file(folder.path("zdm.lock"));
  REQUIRE(file);
  CHECK(file->releases.empty());
  CHECK(file->path == folder.path("zdm.lock"));
  CHECK(migrations::newest_release(*file) == nullptr);
  CHECK_FALSE(migrations::read_lock_file(folder.path()));
}

TEST_CASE("hotfixes rank right after their parent", "[unit][files]") {
  const LockFile file =
      parsed(header() + release("1", "-") + release("2", "1") + release("1.1", "1", true) +
             release("3", "2") + release("1.2", "1", true) + release("1.1.1", "1.1", true) +
             release("3.1", "3", true));
  CHECK(migrations::ordered_releases(file) ==
        std::vector<std::string>{"1", "1.1", "1.1.1", "1.2", "2", "3", "3.1"});
  CHECK(migrations::newest_release(file)->release == "3");
  CHECK_FALSE(migrations::find_fork(file));
}

TEST_CASE("cutting appends a release whose parent is the newest of the main line",
          "[unit][files]") {
  const Folder folder;
  const auto path = folder.path("zdm.lock");
  const auto cut = [&](const std::string& name, const std::optional<std::string>& from,
                       const std::vector<Migration>& all) {
    return migrations::cut_release(migrations::read_lock_file(path).value(), name, from,
                                   migrations::entries_of(all), kTime);
  };
  const auto first = cut("1", std::nullopt, {at("2_b", Phase::expand), at("10_c", Phase::expand)});
  REQUIRE(first);
  CHECK(first->parent.empty());
  CHECK(content(path) == header() + release("1", "-") + migration("10_c") + migration("2_b"));
  REQUIRE(cut("1.1", "1", {at("2_b", Phase::expand), at("10_c", Phase::expand)}));
  const auto second = cut("2", std::nullopt, {at("2_b", Phase::switch_)});
  REQUIRE(second);
  CHECK(second->parent == "1");
  CHECK_FALSE(second->already);
  CHECK(content(path) == header() + release("1", "-") + migration("10_c") + migration("2_b") +
                             release("1.1", "1", true) + migration("10_c") + migration("2_b") +
                             release("2", "1") + migration("2_b", "switch"));
}

TEST_CASE("cutting the same release again is fine when nothing differs", "[unit][files]") {
  const Folder folder;
  const auto path =
      folder.write("zdm.lock", header() + release("1", "-") + migration("a") + "sql\tx.sql\t" +
                                   kSum + "\n" + release("2", "1") + migration("a", "switch") +
                                   release("1.1", "1", true) + migration("a"));
  const auto before = content(path);
  const auto cut = [&](const std::string& name, const std::optional<std::string>& from,
                       const std::vector<Migration>& all) {
    return migrations::cut_release(migrations::read_lock_file(path).value(), name, from,
                                   migrations::entries_of(all), "2027-01-01T00:00:00Z");
  };
  auto with_sql = migrations::entries_of({at("a", Phase::expand)});
  with_sql.push_back({"sql", "x.sql", std::nullopt, kSum});
  const auto again = migrations::cut_release(migrations::read_lock_file(path).value(), "1",
                                             std::nullopt, with_sql, "2027-01-01T00:00:00Z");
  REQUIRE(again);
  CHECK(again->already);
  CHECK(cut("1.1", "1", {at("a", Phase::expand)}).value().already);
  const auto refused = [&](const planner::Result<migrations::CutReport>& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::refused);
  };
  refused(cut("1", std::nullopt, {at("a", Phase::backfill)}));
  refused(cut("1", std::nullopt, {at("a", Phase::expand, kOther)}));
  refused(cut("1", std::nullopt, {}));
  refused(cut("1", std::nullopt, {at("a", Phase::expand), at("b", Phase::expand)}));
  refused(cut("1", "2", {at("a", Phase::expand)}));
  refused(cut("1.1", std::nullopt, {at("a", Phase::expand)}));
  CHECK(content(path) == before);
}

TEST_CASE("a hotfix brings no migration and advances no phase", "[unit][files]") {
  const Folder folder;
  const auto path = folder.write(
      "zdm.lock", header() + release("1", "-") + migration("a", "backfill") + release("2", "1"));
  const auto before = content(path);
  const auto cut = [&](const std::string& from, const std::vector<Migration>& all) {
    return migrations::cut_release(migrations::read_lock_file(path).value(), "1.1", from,
                                   migrations::entries_of(all), kTime);
  };
  CHECK(cut("1", {at("a", Phase::switch_)}).error().code == ErrorCode::refused);
  CHECK(cut("1", {at("a", Phase::backfill), at("b", Phase::expand)}).error().code ==
        ErrorCode::refused);
  CHECK(cut("9", {}).error().code == ErrorCode::usage);
  CHECK(content(path) == before);
  const auto good = cut("1", {at("a", Phase::backfill)});
  REQUIRE(good);
  CHECK(good->parent == "1");
  CHECK(content(path) == before + release("1.1", "1", true) + migration("a", "backfill"));
}

TEST_CASE("two releases of the main line after one parent are lock-forked", "[unit][files]") {
  const auto text = header() + release("1", "-") + release("2a", "1") + release("1.1", "1", true) +
                    release("2b", "1");
  const auto fork = migrations::find_fork(parsed(text));
  REQUIRE(fork);
  CHECK(fork->first == "2a");
  CHECK(fork->second == "2b");
  CHECK(fork->line == 5);
  const auto cut = migrations::cut_release(parsed(text), "3", std::nullopt, {}, kTime);
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == ErrorCode::refused);
  CHECK(cut.error().message == "lock-forked: releases 2a and 2b both follow 1");
  CHECK(cut.error().hint.find("on line 5 of zdm.lock write parent 2a instead of parent 1") == 0);
  CHECK(migrations::find_fork(parsed(header() + release("1", "-") + release("2", "-"))));
}

TEST_CASE("a release's name must fit a line of tabs", "[unit][files]") {
  for (const char* name : {"", "-", "a b", "a\tb", "a\n"}) {
    const auto cut = migrations::cut_release({"zdm.lock", {}}, name, std::nullopt, {}, kTime);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ErrorCode::usage);
  }
}

TEST_CASE("the lock keeps its permissions and is reached through a link", "[unit][files]") {
  namespace fs = std::filesystem;
  const Folder folder;
  const auto path = folder.write("real/zdm.lock", header());
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink(path, folder.path("zdm.lock"));
  const auto link = folder.path("zdm.lock");
  REQUIRE(migrations::cut_release({link, {}}, "1", std::nullopt, {}, kTime));
  CHECK(fs::is_symlink(link));
  CHECK(content(path) == header() + release("1", "-"));
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(std::distance(fs::directory_iterator(folder.path("real")), fs::directory_iterator()) == 1);
  CHECK(migrations::cut_release({folder.path("no/zdm.lock"), {}}, "1", std::nullopt, {}, kTime)
            .error()
            .code == ErrorCode::failed);
}
