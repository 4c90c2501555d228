#include "cli/sandbox.hpp"
#include "commands/table.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

/// Words that call the command, without its positionals.
std::vector<std::string> words_of(const cli::Command& command) {
  const std::string name(command.name);
  const auto space = name.find(' ');
  if (space == std::string::npos) return {name};
  return {name.substr(0, space), name.substr(space + 1)};
}

}  // namespace

TEST_CASE("the flag --version prints the name and the version", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"--version"});
  CHECK(finished.code == 0);
  CHECK(finished.out.rfind("zdm ", 0) == 0);
  CHECK(finished.out.find('\n') == finished.out.size() - 1);
  CHECK(finished.err.empty());
}

TEST_CASE("help lists every command and every global flag", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"-h"});
  CHECK(finished.code == 0);
  for (const auto& command : cli::commands()) {
    INFO(command.name);
    CHECK(contains(finished.out, std::string(command.name)));
  }
  for (const auto& flag : cli::global_flags())
    CHECK(contains(finished.out, std::string(flag.name)));
  CHECK(box.zdm({"help"}).out == finished.out);
}

TEST_CASE(
    "the flag -h on each verb shows its usage, its flags and the globals, and draws nothing else",
    "[cli]") {
  const Sandbox box;
  for (const auto& command : cli::commands()) {
    INFO(command.name);
    auto words = words_of(command);
    words.emplace_back("-h");
    const auto finished = box.zdm(words);
    CHECK(finished.code == 0);
    CHECK(finished.err.empty());
    CHECK(contains(finished.out, "usage: zdm " + std::string(command.name)));
    for (const auto& flag : command.flags) CHECK(contains(finished.out, std::string(flag.name)));
    CHECK(contains(finished.out, "--lock-budget"));
  }
}

TEST_CASE("a verb that is mistyped gets a suggestion and exit 2", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"aply", "--phase", "all"});
  CHECK(finished.code == 2);
  CHECK(finished.out.empty());
  CHECK(contains(finished.err, "there is no command aply"));
  CHECK(contains(finished.err, "did you mean apply?"));
  const auto nested = box.zdm({"release", "cutt", "R"});
  CHECK(nested.code == 2);
  CHECK(contains(nested.err, "did you mean cut?"));
  CHECK(box.zdm({}).code == 2);
  CHECK(box.zdm({"release"}).code == 2);
}

TEST_CASE("a flag that is mistyped gets a suggestion, and its value is not repeated", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"plan", "--databse=postgresql://u:hunter2@h/d"});
  CHECK(finished.code == 2);
  CHECK(contains(finished.err, "did you mean --database?"));
  CHECK_FALSE(contains(finished.err, "hunter2"));
}

TEST_CASE("a flag without its value does not swallow the next flag", "[cli]") {
  const Sandbox box;
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"apply", "--phase", "all", "--release", "--dry-run"}, {"plan", "--phase"}}) {
    const auto finished = box.zdm(words);
    CHECK(finished.code == 2);
    CHECK(contains(finished.err, "needs a value"));
  }
  const auto with_value = box.zdm({"plan", "--yes=maybe"});
  CHECK(with_value.code == 2);
}

TEST_CASE("a format that a verb cannot draw exits 2 with the list", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"apply", "--phase", "all", "--format", "sql"});
  CHECK(finished.code == 2);
  CHECK(contains(finished.err, "zdm apply cannot draw --format sql"));
  CHECK(contains(finished.err, "it draws text, json"));
}

TEST_CASE("globals stand before and after the verb, and the last one wins", "[cli]") {
  const Sandbox box;
  box.sqlite("create table users (id integer primary key, name text)");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--format", "json", "plan"},
           {"plan", "--format", "json"},
           {"--format", "text", "plan", "--format", "json"},
           {"--format=text", "--format=json", "-v", "plan", "-q", "--yes"}}) {
    const auto finished = box.zdm(words);
    INFO(finished.err);
    CHECK(finished.code == 0);
    CHECK(Json::parse(finished.out, nullptr, false).is_object());
  }
  const auto text = box.zdm({"--format", "json", "plan", "--format", "text"});
  CHECK(text.out == "no migrations\n");
  const auto nested = box.zdm({"release", "--format", "json", "floor"});
  CHECK(Json::parse(nested.out, nullptr, false).is_object());
}

TEST_CASE("usage errors are one JSON object once --format json was seen", "[cli]") {
  const Sandbox box;
  auto verb = box.json({"aply"});
  CHECK(verb["schema"] == "zdm.error/1");
  CHECK(verb["exit_code"] == 2);
  CHECK(contains(verb["error"]["message"], "aply"));
  CHECK(verb["error"]["code"] == 2);
  for (const auto* key : {"hint", "file", "line", "column", "sqlstate"}) {
    CHECK(verb["error"].contains(key));
  }
  CHECK(verb["error"]["blockers"].is_array());
  CHECK(box.json({"plan", "--bogus"})["schema"] == "zdm.plan/1");
  CHECK(box.json({"release", "live"})["schema"] == "zdm.release/1");
}

TEST_CASE("an argument too many, and one too few, are named", "[cli]") {
  const Sandbox box;
  const auto many = box.zdm({"rollback", "0001_a", "0002_b"});
  CHECK(many.code == 2);
  CHECK(contains(many.err, "0002_b"));
  const auto few = box.zdm({"new", "rename_column"});
  CHECK(few.code == 2);
  CHECK(contains(few.err, "zdm new needs NAME"));
  const auto phase = box.zdm({"apply"});
  CHECK(phase.code == 2);
  CHECK(contains(phase.err, "zdm apply needs --phase"));
}

TEST_CASE("colour follows --color, NO_COLOR and TERM, for each stream", "[cli]") {
  const Sandbox box;
  const std::string escape = "\x1b[";
  auto command = box.command({"plam"});
  CHECK_FALSE(contains(run(command).err, escape));  // not a terminal
  command.terminal = true;
  CHECK(contains(run(command).err, escape));
  command.environment["NO_COLOR"] = "1";
  CHECK_FALSE(contains(run(command).err, escape));
  command.environment.erase("NO_COLOR");
  command.environment["TERM"] = "dumb";
  CHECK_FALSE(contains(run(command).err, escape));
  const auto always = box.zdm({"explain", "expand", "--color", "always"});
  CHECK(contains(always.out, escape));
  CHECK(box.zdm({"explain", "expand", "--color", "perhaps"}).code == 2);
}

TEST_CASE("explain knows the phases and the kinds", "[cli]") {
  const Sandbox box;
  for (const auto* phase : {"expand", "backfill", "switch", "contract"}) {
    const auto finished = box.zdm({"explain", phase});
    CHECK(finished.code == 0);
    CHECK(contains(finished.out, "may run"));
    for (const auto limit = std::size_t{100}; const auto& line : {finished.out}) {
      CHECK(line.find('\n') <= limit);
    }
  }
  const auto kind = box.zdm({"explain", "rename_column"});
  CHECK(kind.code == 0);
  CHECK(contains(kind.out, "[[change]]"));
  const auto wrong = box.zdm({"explain", "rename_colum"});
  CHECK(wrong.code == 2);
  CHECK(contains(wrong.err, "did you mean rename_column?"));
}

TEST_CASE("a full disk below standard output is an error", "[cli]") {
  const Sandbox box;
  auto command = box.command({});
  command.words = {"/bin/sh", "-c", std::string(ZDM_PROGRAM) + " -h > /dev/full"};
  CHECK(run(command).code == 1);
  command.words = {"/bin/sh", "-c", std::string(ZDM_PROGRAM) + " explain expand > /dev/full"};
  const auto finished = run(command);
  CHECK(finished.code == 1);
  CHECK(contains(finished.err, "cannot write to standard output"));
}

}  // namespace zdm::tests
