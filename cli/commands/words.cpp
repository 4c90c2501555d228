#include "commands/words.hpp"

#include <set>

#include "commands/phase_words.hpp"
#include "gate/rule.hpp"
#include "recipes/change.hpp"
#include "templates.hpp"

namespace zdm::cli {
namespace {

Words with(Words words, std::string_view another) {
  words.push_back(another);
  return words;
}

}  // namespace

Words phase_names() {
  Words names;
  for (const auto& words : phase_words()) names.push_back(planner::to_string(words.phase));
  return names;
}

Words phases_to_apply() {
  return with(phase_names(), "all");
}

Words phases_to_keep() {
  return with(phase_names(), "none");
}

Words kind_names() {
  Words names;
  for (const auto* kind : planner::kinds()) names.push_back(kind->kind);
  return names;
}

Words topics() {
  Words names = phase_names();
  for (const auto kind : kind_names()) names.push_back(kind);
  for (const auto& rule : planner::rules()) names.push_back(rule.id);
  return names;
}

Words template_names() {
  std::set<std::string_view> names;
  for (const auto& file : templates::files()) {
    if (!file.folder().empty()) names.insert(file.folder());
  }
  return {names.begin(), names.end()};
}

Words postgres_majors() {
  return {"12", "13", "14", "15", "16", "17", "18"};
}

Words color_choices() {
  return {"auto", "always", "never"};
}

Words hazards() {
  return {"divergent-rows", "live-readers", "rewrite", "trigger-functions"};
}

Words shells() {
  return {"bash", "zsh", "fish"};
}

Words refresh_methods() {
  return {"auto", "concurrently", "swap"};
}

}  // namespace zdm::cli
