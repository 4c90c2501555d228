#include "views/json_parts.hpp"

#include "redact.hpp"

namespace zdm::cli {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json error_json(const Error& error) {
  Json blockers = Json::array();
  for (const auto& blocker : error.blockers) {
    blockers.push_back({{"pid", blocker.pid},
                        {"application", blocker.application},
                        {"user", blocker.user},
                        {"state", blocker.state},
                        {"age_ms", blocker.age_ms},
                        {"query", redacted(blocker.query)}});
  }
  const auto number = [](int value) { return value > 0 ? Json(value) : Json(nullptr); };
  return {{"code", static_cast<int>(error.code)},
          {"message", redacted(error.message)},
          {"hint", text_or_null(redacted(error.hint))},
          {"file", error.where ? text_or_null(error.where->file) : Json(nullptr)},
          {"line", error.where ? number(error.where->line) : Json(nullptr)},
          {"column", error.where ? number(error.where->column) : Json(nullptr)},
          {"sqlstate", text_or_null(error.sqlstate)},
          {"blockers", std::move(blockers)}};
}

}  // namespace zdm::cli
