#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/sandbox.hpp"
#include "commands/table.hpp"
#include "files/config_keys.hpp"
#include "gate/rule.hpp"
#include "recipes/change.hpp"
#include "support/catch.hpp"

// The manual and the program say the same: what one of them has, the other has too.

namespace zdm::tests {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

/// One .SH or .SS of a page, without the markup of roff.
struct Section {
  std::string title;
  bool sub = false;
  std::vector<std::string> tags;  ///< the lines below .TP
  std::vector<std::string> lines;
};

fs::path path_of(const std::string& page) {
  return fs::path(ZDM_SOURCE_DIR) / "man" / page;
}

Names pages() {
  Names names;
  for (const auto& entry : fs::directory_iterator(path_of("")))
    names.insert(entry.path().filename().string());
  return names;
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size())) {
    text.replace(at, part.size(), by);
  }
  return text;
}

/// The words of a line of roff: without the macro in front, fonts and quotes.
std::string plain(std::string line) {
  if (line.starts_with('.')) {
    const auto blank = line.find(' ');
    line = blank == std::string::npos ? std::string() : line.substr(blank + 1);
    line = replaced(std::move(line), "\"", "");
  }
  for (const auto* mark : {"\\fB", "\\fI", "\\fR", "\\&"})
    line = replaced(std::move(line), mark, "");
  return replaced(replaced(std::move(line), "\\-", "-"), "\\e", "\\");
}

std::vector<Section> sections(const std::string& page) {
  std::ifstream file(path_of(page));
  INFO(page);
  REQUIRE(file.is_open());
  std::vector<Section> found;
  bool tag = false;
  for (std::string line; std::getline(file, line);) {
    const bool sub = line.starts_with(".SS ");
    if (sub || line.starts_with(".SH ")) {
      found.push_back({.title = plain(line), .sub = sub, .tags = {}, .lines = {}});
    } else if (!found.empty()) {
      found.back().lines.push_back(plain(line));
      if (tag) found.back().tags.push_back(plain(line));
    }
    tag = line == ".TP";
  }
  return found;
}

Section section(const std::string& page, const std::string& title) {
  for (auto& each : sections(page)) {
    if (each.title == title) return each;
  }
  FAIL(page << " has no section " << title);
  return {};
}

/// The subsections of a section.
std::vector<Section> below(const std::string& page, const std::string& title) {
  std::vector<Section> found;
  bool inside = false;
  for (auto& each : sections(page)) {
    if (!each.sub) inside = each.title == title;
    if (each.sub && inside) found.push_back(std::move(each));
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

Names matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at)
    names.insert(at->str());
  return names;
}

const std::string kFlag = "--[a-z][a-z-]*";

Names flags_of_page(const std::string& page) {
  Names names;
  for (const auto& tag : section(page, "OPTIONS").tags) names.merge(matches(tag, kFlag));
  return names;
}

/// "  -q, --quiet  no progress": what stands in the first column.
Names flags_of_help(const std::string& help) {
  std::istringstream text(help);
  Names names;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("  -")) continue;
    names.merge(matches(line.substr(0, line.find("  ", 2)), kFlag));
  }
  return names;
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

Names first_words(const std::vector<std::string>& lines) {
  Names names;
  for (const auto& line : lines) names.insert(first_word(line));
  return names;
}

Names words(std::string text) {
  std::replace(text.begin(), text.end(), ',', ' ');
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// What follows "Common keys:", up to the end of the paragraph.
Names common_keys(const Section& kind) {
  auto at = std::ranges::find(kind.lines, std::string("Common keys:"));
  std::string text;
  while (at != kind.lines.end() && !at->empty()) text += *at++ + " ";
  auto names = words(text);
  names.erase("Common");
  names.erase("keys:");
  return names;
}

Names families() {
  Names names;
  for (const auto& command : cli::commands()) names.insert(std::string(command.family()));
  return names;
}

std::string page_of(const std::string& family) {
  return "zdm-" + family + ".1";
}

Finished shell(const std::string& line, const std::string& directory) {
  return run(
      {.words = {"/bin/sh", "-c", line}, .directory = directory, .environment = {}, .input = {}});
}

bool is_there(const std::string& program) {
  return shell("command -v " + program, {}).code == 0;
}

}  // namespace

TEST_CASE("every command has a page, and every page of section 1 is of a command", "[cli]") {
  Names expected = {"zdm.1"};
  for (const auto& family : families()) expected.insert(page_of(family));
  Names found;
  for (const auto& page : pages()) {
    if (page.ends_with(".1")) found.insert(page);
  }
  CHECK(found == expected);
  Names listed = {"zdm.1"};
  for (const auto& tag : section("zdm.1", "COMMANDS").tags)
    listed.insert(replaced(first_word(tag), "(1)", "") + ".1");
  CHECK(listed == expected);
}

TEST_CASE("the flags of each command are those of its page", "[cli]") {
  const Sandbox box;
  const auto globals = flags_of_page("zdm.1");
  CHECK(globals == flags_of_help(box.zdm({"--help"}).out));
  for (const auto& family : families()) {
    INFO(family);
    Names help;
    for (const auto& command : cli::commands()) {
      if (command.family() != family) continue;
      auto line = words(std::string(command.name));
      std::vector<std::string> arguments = {family};
      line.erase(family);
      arguments.insert(arguments.end(), line.begin(), line.end());
      arguments.emplace_back("--help");
      help.merge(flags_of_help(box.zdm(arguments).out));
    }
    auto documented = flags_of_page(page_of(family));
    documented.insert(globals.begin(), globals.end());
    CHECK(documented == help);
  }
}

TEST_CASE("the exit codes of the help are those of zdm(1)", "[cli]") {
  const Sandbox box;
  const auto help = box.zdm({"--help"}).out;
  const auto at = help.find("exit codes:");
  REQUIRE(at != std::string::npos);
  Names documented;
  for (const auto& tag : section("zdm.1", "EXIT STATUS").tags)
    documented.merge(matches(tag, "[0-9]+"));
  CHECK(documented == matches(help.substr(at), "[0-9]+"));
}

TEST_CASE("every kind of change has its section with its keys, and no other", "[cli]") {
  const auto documented = below("zdm-migration.5", "KINDS OF CHANGE");
  std::vector<std::string> titles;
  std::vector<std::string> kinds;
  for (const auto& each : documented) titles.push_back(each.title);
  for (const auto* kind : planner::kinds()) kinds.emplace_back(kind->kind);
  REQUIRE(titles == kinds);  // in the same order, too
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& kind = *planner::kinds()[i];
    const auto& page = documented[i];
    INFO(page.title);
    Names keys;
    Names required;
    for (const auto& key : kind.keys) {
      keys.emplace(key.name);
      if (key.required) required.emplace(key.name);
    }
    CHECK(first_words(page.tags) == keys);
    std::vector<std::string> said;
    std::ranges::copy_if(page.tags, std::back_inserter(said),
                         [](const auto& tag) { return contains(tag, "required"); });
    CHECK(first_words(said) == required);
    CHECK(common_keys(page) == words(std::string(kind.common_keys)));
    CHECK(kind.sqlite == (std::ranges::count(page.lines, "Refused on SQLite.") == 0));
  }
}

TEST_CASE("the example of each kind is the one that zdm explain shows", "[cli]") {
  for (const auto& page : below("zdm-migration.5", "KINDS OF CHANGE")) {
    const auto kind = std::ranges::find(planner::kinds(), std::string_view(page.title),
                                        [](const auto* info) { return info->kind; });
    if (kind == planner::kinds().end()) continue;  // said by the test above
    std::string text;
    for (const auto& line : page.lines) text += line + "\n";
    const auto squeezed = [](const std::string& each) {
      return std::regex_replace(each, std::regex("\\s+"), "");
    };
    INFO(page.title);
    CHECK(contains(squeezed(text), squeezed(std::string((*kind)->example))));
  }
}

TEST_CASE("every common key is described", "[cli]") {
  Names used;
  for (const auto* kind : planner::kinds()) used.merge(words(std::string(kind->common_keys)));
  CHECK(first_words(section("zdm-migration.5", "COMMON KEYS").tags) == used);
}

TEST_CASE("the settings of zdm config are those of zdm.toml(5)", "[cli]") {
  const Sandbox box;
  Names settings;
  const auto config = box.json({"config", "--config", "none"});
  for (const auto& each : config["settings"]) settings.insert(each["key"].get<std::string>());
  Names documented;
  for (const auto& table : below("zdm.toml.5", "SETTINGS")) {
    const auto name = table.title.substr(1, table.title.size() - 2);
    for (const auto& tag : table.tags) documented.insert(name + "." + first_word(tag));
  }
  CHECK(documented == settings);
}

TEST_CASE("the keys of a materialized view are those of zdm.toml(5)", "[cli]") {
  Names keys;
  for (const auto& key : migrations::matview_keys()) keys.emplace(key.name);
  CHECK(first_words(section("zdm.toml.5", "MATERIALIZED VIEWS").tags) == keys);
}

TEST_CASE("pages are of this version and refer to pages that are there", "[cli]") {
  const Sandbox box;
  const auto version = box.zdm({"--version"}).out;
  const auto there = pages();
  for (const auto& page : there) {
    std::ostringstream stream;
    stream << std::ifstream(path_of(page)).rdbuf();
    const auto text = stream.str();
    INFO(page);
    CHECK(contains(text, "\"" + version.substr(0, version.find('\n')) + "\""));
    for (const auto& line : matches(text, "\n\\.BR zdm\\S* \\([0-9]\\)")) {
      const auto name = plain(line.substr(1));
      const auto bracket = name.find(" (");
      const auto target = name.substr(0, bracket) + "." + name.substr(bracket + 2, 1);
      INFO(target);
      CHECK(there.contains(target));
    }
  }
}

TEST_CASE("the manual knows every rule of the gate, and no other", "[cli][check]") {
  Names rules;
  for (const auto& rule : planner::rules()) rules.insert(std::string(rule.id));
  CHECK(first_words(section("zdm-check.1", "RULES").tags) == rules);
}

TEST_CASE("groff and mandoc find no fault in the pages", "[cli]") {
  for (const std::string checker : {"groff -man -ww -z", "mandoc -T lint -W warning"}) {
    if (!is_there(first_word(checker))) continue;
    for (const auto& page : pages()) {
      const auto finished = shell(fmt::format("{} {}", checker, page), path_of(""));
      INFO(page << ": " << finished.out << finished.err);
      CHECK(finished.code == 0);
      CHECK(finished.out.empty());
      CHECK(finished.err.empty());
    }
  }
}

}  // namespace zdm::tests
