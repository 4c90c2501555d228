#pragma once

#include "progress_line.hpp"
#include "report.hpp"
#include "terminal.hpp"

namespace zdm::cli {

/// Each draws one kind of report for a person, on standard output; notes go to standard error.
void draw(const InitReport& report, Console& console);
void draw(const NewReport& report, Console& console);
void draw(const PlanAnswer& answer, Console& console);
void draw(const ApplyAnswer& answer, Console& console);
void draw(const StatusAnswer& answer, Console& console);
void draw(const VerifyAnswer& answer, Console& console);
void draw(const ReleaseAnswer& answer, Console& console);
void draw(const ConfigReport& report, Console& console);
void draw(const ExplainReport& report, Console& console);
void draw(const PartitionAnswer& answer, Console& console);
void draw(const CompletionReport& report, Console& console);
void draw(const MatviewListAnswer& answer, Console& console);
void draw(const MatviewRefreshAnswer& answer, Console& console);

}  // namespace zdm::cli
