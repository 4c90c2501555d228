#pragma once

namespace zdm::cli {

/// The whole program; returns its exit code (zdm(1), "Exit status").
[[nodiscard]] int run(int argc, char** argv);

}  // namespace zdm::cli
