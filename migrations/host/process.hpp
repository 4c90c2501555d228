#pragma once

#include <string>
#include <vector>

#include "model/error.hpp"

namespace zdm::migrations {

/// How another program ended.
struct ProgramEnd {
  int code = 0;  ///< 128 + N where signal N ended it
  std::string out;
  std::string err;
};

/// Runs a program, found through PATH, with `input` on its standard input, and waits for it.
/// ErrorCode::failed where it cannot be started.
[[nodiscard]] planner::Result<ProgramEnd> run_program(const std::vector<std::string>& arguments,
                                                      const std::string& input = {});

}  // namespace zdm::migrations
