#pragma once

#include <stdexcept>
#include <string>

#include "files/toml.hpp"
#include "live/execute/rig.hpp"
#include "model/migration.hpp"

namespace zdm::tests {

/// The migration `id` of these [[change]] tables, which may go as far as `phase`.
inline planner::Migration file_of(const std::string& id, planner::Phase phase,
                                  const std::string& changes) {
  const std::string text = "phase = \"" + std::string(planner::to_string(phase)) + "\"\n" + changes;
  const auto tree = migrations::parse_toml(text, id + ".toml");
  if (!tree) throw std::runtime_error(tree.error().message);
  auto migration = planner::decode_migration({id}, id + ".toml", *tree);
  if (!migration) throw std::runtime_error(migration.error().message);
  return std::move(*migration);
}

}  // namespace zdm::tests
