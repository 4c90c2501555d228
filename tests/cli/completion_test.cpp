#include <algorithm>
#include <sstream>

#include "cli/sandbox.hpp"
#include "commands/table.hpp"
#include "support/catch.hpp"

namespace zdm::tests {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  std::istringstream stream(text);
  Lines lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Finished shell(const Sandbox& box, Lines words) {
  auto command = box.command({});
  words.insert(words.begin(), "/usr/bin/env");
  command.words = std::move(words);
  return run(command);
}

/// What a shell offers for the last of the words.
class Completer {
 public:
  explicit Completer(const Sandbox& box) : box_(box) {
    for (const auto* each : {"bash", "zsh", "fish"}) {
      const auto finished = box.zdm({"completion", each});
      REQUIRE(finished.code == 0);
      box.write(each, finished.out);
    }
  }

  [[nodiscard]] Lines bash(Lines words) const {
    Lines call = {"bash", "-uc",
                  "source ./bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _zdm; "
                  "((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"",
                  "bash"};
    call.insert(call.end(), words.begin(), words.end());
    return answered(call);
  }

  [[nodiscard]] Lines fish(const Lines& words) const {
    std::string line = words.front();
    for (std::size_t i = 1; i < words.size(); ++i) line += " " + words[i];
    auto offered =
        answered({"fish", "--no-config", "-c", "source ./fish; complete -C '" + line + "'"});
    for (auto& each : offered) each = each.substr(0, each.find('\t'));
    return offered;
  }

 private:
  [[nodiscard]] Lines answered(const Lines& call) const {
    const auto finished = shell(box_, call);
    INFO(finished.err);
    CHECK(finished.code == 0);
    CHECK(finished.err.empty());
    return lines_of(finished.out);
  }

  const Sandbox& box_;
};

bool offers(const Lines& offered, const std::string& word) {
  return std::ranges::find(offered, word) != offered.end();
}

bool is_there(const Sandbox& box, const std::string& program) {
  return shell(box, {"/bin/sh", "-c", "command -v " + program}).code == 0;
}

}  // namespace

TEST_CASE("bash and fish complete commands, flags and values by the table", "[cli]") {
  const Sandbox box;
  const Completer completer(box);
  const auto both = [&](const Lines& words, const Lines& expected) {
    INFO(words.back());
    CHECK(completer.bash(words) == expected);
    if (!is_there(box, "fish")) return;
    auto found = completer.fish(words);
    auto sorted = expected;
    std::ranges::sort(found);
    std::ranges::sort(sorted);
    CHECK(found == sorted);
  };
  both({"zdm", "stat"}, {"status"});
  both({"zdm", "release", ""}, {"cut", "live", "floor", "check"});
  both({"zdm", "plan", "--phase", ""}, {"expand", "backfill", "switch", "contract"});
  both({"zdm", "apply", "--phase", "a"}, {"all"});
  both({"zdm", "--color", "never", "check", "--format", "s"}, {"sarif"});
  both({"zdm", "plan", "--format", "s"}, {"sql"});
  both({"zdm", "--config", "plan", "check", "--dial"}, {"--dialect"});
  both({"zdm", "explain", "add_f"}, {"add_foreign_key"});
  both({"zdm", "release", "cut", "--from", "2026.47", "--basel"}, {"--baseline"});
  both({"zdm", "apply", "--allow", "live"}, {"live-readers"});
  CHECK(completer.bash({"zdm", "plan", "--phase", "=", "sw"}) == Lines{"switch"});
}

TEST_CASE("every command and every flag of it is completed", "[cli]") {
  const Sandbox box;
  const Completer completer(box);
  for (const auto& command : cli::commands()) {
    INFO(command.name);
    Lines words = {"zdm"};
    std::istringstream name{std::string(command.name)};
    for (std::string word; name >> word;) {
      words.push_back(word);
      CHECK(offers(completer.bash(words), word));
    }
    words.emplace_back("--");
    const auto offered = completer.bash(words);
    for (const auto& flag : command.flags) CHECK(offers(offered, std::string(flag.name)));
    for (const auto& flag : cli::global_flags()) CHECK(offers(offered, std::string(flag.name)));
  }
}

TEST_CASE("zsh completes through its own machinery", "[cli]") {
  const Sandbox box;
  const Completer completer(box);
  if (!is_there(box, "zsh")) return;
  // In a terminal of its own, into which the words are typed: only the line editor completes.
  box.write("type", R"(zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source ./zsh; print re""ady'
zpty -r z text '*ready*'
zpty -w -n z "$1"$'\t'
zpty -r -m z text "*$2*"
print -r -- "$text"
)");
  const auto completes = [&](const std::string& typed, const std::string& whole) {
    INFO(typed);
    const auto finished = shell(box, {"timeout", "20", "zsh", "-f", "type", typed, whole});
    CHECK(finished.code == 0);
    CHECK(contains(finished.out, whole));
  };
  completes("zdm apply --phase contr", "--phase contract");
  completes("zdm release flo", "release floor");
  completes("zdm --color never comp", "never completion");
  completes("zdm plan --format sq", "--format sql");
  completes("zdm explain add_fo", "add_foreign_key");
}

TEST_CASE("a shell that zdm completion does not know gets a suggestion and exit 2", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"completion", "fihs"});
  CHECK(finished.code == 2);
  CHECK(contains(finished.err, "did you mean fish?"));
}

TEST_CASE("a hazard that --allow does not know is exit 2, before anything runs", "[cli]") {
  const Sandbox box;
  const auto finished = box.zdm({"apply", "--phase", "all", "--allow", "live-reader"});
  CHECK(finished.code == 2);
  CHECK(contains(finished.err, "did you mean live-readers?"));
}

}  // namespace zdm::tests
