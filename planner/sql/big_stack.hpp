#pragma once

#include <functional>

namespace zdm::planner {

/// Runs `work` on a thread whose stack holds the recursion of a parser, and waits for it;
/// exceptions come through. What runs on such a thread already stays there: to make one costs more
/// than to parse a line, so who parses much begins with this. False when the machine cannot give
/// such a thread, and `work` did not run.
///
/// libpg_query writes and reads its trees recursively: a chain of 5,000 operators overflows the
/// usual 8 MB. The stack is mapped, not used, until something recurses into it.
[[nodiscard]] bool run_on_big_stack(const std::function<void()>& work);

}  // namespace zdm::planner
