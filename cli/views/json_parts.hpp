#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report.hpp"

/// What the reports of --format json have in common, and those that have a source of their own.
namespace zdm::cli {

using Json = nlohmann::ordered_json;

/// Empty text is null.
[[nodiscard]] Json text_or_null(const std::string& text);
/// What stands under "error".
[[nodiscard]] Json error_json(const Error& error);

/// `views` of zdm.matview/1.
[[nodiscard]] Json views_json(const MatviewListAnswer& answer);
[[nodiscard]] Json views_json(const MatviewRefreshAnswer& answer);

}  // namespace zdm::cli
