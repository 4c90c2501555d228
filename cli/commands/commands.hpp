#pragma once

#include "report.hpp"

namespace zdm::cli {

class Context;

/// One file each; the table in table.cpp says how they are called.
[[nodiscard]] Answer run_init(Context& context);
[[nodiscard]] Answer run_new(Context& context);
[[nodiscard]] Answer run_plan(Context& context);
[[nodiscard]] Answer run_apply(Context& context);
[[nodiscard]] Answer run_status(Context& context);
[[nodiscard]] Answer run_rollback(Context& context);
[[nodiscard]] Answer run_verify(Context& context);
[[nodiscard]] Answer run_release_cut(Context& context);
[[nodiscard]] Answer run_release_live(Context& context);
[[nodiscard]] Answer run_release_floor(Context& context);
[[nodiscard]] Answer run_release_check(Context& context);
[[nodiscard]] Answer run_check(Context& context);
[[nodiscard]] Answer run_explain(Context& context);
[[nodiscard]] Answer run_config(Context& context);
[[nodiscard]] Answer run_partition_list(Context& context);
[[nodiscard]] Answer run_partition_plan(Context& context);
[[nodiscard]] Answer run_partition_rotate(Context& context);
[[nodiscard]] Answer run_completion(Context& context);
[[nodiscard]] Answer run_matview_list(Context& context);
[[nodiscard]] Answer run_matview_refresh(Context& context);

}  // namespace zdm::cli
