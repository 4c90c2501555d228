#include "bed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace zdm::tests {
namespace {

class Hooked final : public migrations::Connection {
 public:
  Hooked(std::unique_ptr<migrations::Connection> inner, Hook hook)
      : inner_(std::move(inner)), hook_(std::move(hook)) {}
  using Connection::run;
  migrations::Result<migrations::Rows> run(std::string_view sql,
                                           std::span<const migrations::Text> parameters) override {
    return hook_(*inner_, sql, parameters);
  }
  migrations::Engine engine() const override { return inner_->engine(); }
  int server_version() const override { return inner_->server_version(); }
  bool usable() const override { return inner_->usable(); }
  bool in_transaction() const override { return inner_->in_transaction(); }
  void cancel() noexcept override { inner_->cancel(); }
  std::int64_t backend_pid() const override { return inner_->backend_pid(); }
  bool pooled() const override { return inner_->pooled(); }

 private:
  std::unique_ptr<migrations::Connection> inner_;
  Hook hook_;
};

}  // namespace

migrations::Opener hooked(migrations::Opener opener, std::function<Hook()> make) {
  return [opener = std::move(opener),
          make = std::move(make)]() -> migrations::Result<std::unique_ptr<migrations::Connection>> {
    ZDM_TRY(auto inner, opener());
    return std::unique_ptr<migrations::Connection>(new Hooked(std::move(inner), make()));
  };
}

Bed::Bed(const std::vector<std::string>& setup, PostgresServer& server) : database(server) {
  for (const auto& statement : setup) database.exec(statement);
}

migrations::Environment Bed::environment() {
  migrations::Environment environment{
      .host = host,
      .url = database.url(),
      .open_work = open_work ? open_work : database.opener(),
      .open_control = open_control ? open_control : database.opener()};
  environment.locks.budget = lock_budget;
  environment.stop = stop.get_token();
  environment.stop_reason = [this] { return stop_code; };
  return environment;
}

migrations::MatviewRefreshOutcome Bed::refresh(const migrations::MatviewRefreshOptions& options) {
  return migrations::refresh_matviews(environment(), options,
                                      [this](const migrations::ProgressEvent& event) {
                                        const std::scoped_lock lock(events_mutex);
                                        events.push_back(event);
                                      });
}

bool Bed::told(const std::function<bool(const migrations::ProgressEvent&)>& what) {
  const std::scoped_lock lock(events_mutex);
  return std::ranges::any_of(events, what);
}

migrations::MatviewReport Bed::one(const std::string& view, planner::MethodPolicy method) {
  const auto outcome = refresh({.only = {view}, .method = method});
  if (outcome.report.views.empty()) throw std::runtime_error(text_of(outcome.error));
  return outcome.report.views.front();
}

migrations::MatviewListReport Bed::list(const std::vector<migrations::MatviewPolicy>& policies) {
  auto listed = migrations::list_matviews(environment(), {.only = {}, .policies = policies});
  if (!listed) throw std::runtime_error(listed.error().message);
  return std::move(*listed);
}

std::map<std::string, std::string> states(const migrations::MatviewRefreshOutcome& outcome) {
  std::map<std::string, std::string> found;
  for (const auto& view : outcome.report.views) found[view.name] = view.state;
  return found;
}

std::string order(const migrations::MatviewRefreshOutcome& outcome) {
  std::vector<std::string> names;
  for (const auto& view : outcome.report.views) names.push_back(view.name);
  return fmt::format("{}", fmt::join(names, " "));
}

const migrations::MatviewReport& report_of(const migrations::MatviewRefreshOutcome& outcome,
                                           const std::string& view) {
  const auto found =
      std::ranges::find(outcome.report.views, view, &migrations::MatviewReport::name);
  if (found == outcome.report.views.end()) throw std::runtime_error("no report of " + view);
  return *found;
}

std::string leftovers(Database& database) {
  return database.value(R"(
      SELECT coalesce(string_agg(what, ', ' ORDER BY what), 'none') FROM (
        SELECT 'relation ' || relname AS what FROM pg_class WHERE relname LIKE '%\_zdm\_%'
        UNION ALL SELECT 'build of ' || view FROM zdm.matview_build
        UNION ALL SELECT 'running ' || view FROM zdm.matview_run WHERE state = 'running'
        UNION ALL SELECT 'lease ' || scope FROM zdm.lease WHERE holder IS NOT NULL) w)");
}

std::string text_of(const std::optional<planner::Error>& error) {
  return error ? fmt::format("{} ({})", error->message, error->hint) : "no error";
}

}  // namespace zdm::tests
