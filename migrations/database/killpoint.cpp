#include "database/killpoint.hpp"

#include <signal.h>

#include <charconv>
#include <fstream>

#include "database/send.hpp"

namespace zdm::migrations {

namespace {

[[noreturn]] void die() {
  for (;;) {
    raise(SIGKILL);
  }
}

class Counted final : public Connection {
 public:
  Counted(std::unique_ptr<Connection> inner, std::shared_ptr<KillPoints> points)
      : inner_(std::move(inner)), points_(std::move(points)) {}

  using Connection::run;
  Result<Rows> run(std::string_view sql, std::span<const Text> parameters) override {
    const std::optional<KillMoment> moment = points_->next();
    if (!moment) {
      return inner_->run(sql, parameters);
    }
    if (moment == KillMoment::sent) {
      if (auto* sender = dynamic_cast<Sender*>(inner_.get())) {
        static_cast<void>(sender->send(sql, parameters));
      }
    } else if (moment == KillMoment::after) {
      static_cast<void>(inner_->run(sql, parameters));
    }
    die();
  }

  [[nodiscard]] Engine engine() const override { return inner_->engine(); }
  [[nodiscard]] int server_version() const override { return inner_->server_version(); }
  [[nodiscard]] bool usable() const override { return inner_->usable(); }
  [[nodiscard]] bool in_transaction() const override { return inner_->in_transaction(); }
  void cancel() noexcept override { inner_->cancel(); }
  [[nodiscard]] std::int64_t backend_pid() const override { return inner_->backend_pid(); }
  [[nodiscard]] bool pooled() const override { return inner_->pooled(); }

 private:
  std::unique_ptr<Connection> inner_;
  std::shared_ptr<KillPoints> points_;
};

}  // namespace

std::optional<KillPoint> parse_kill_point(std::string_view text) {
  KillPoint point;
  const char* const end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, point.statement);
  if (problem != std::errc() || point.statement < 1) {
    return std::nullopt;
  }
  const std::string_view moment(at, static_cast<std::size_t>(end - at));
  if (moment == ":before") {
    point.moment = KillMoment::before;
  } else if (moment == ":sent") {
    point.moment = KillMoment::sent;
  } else if (moment == ":after") {
    point.moment = KillMoment::after;
  } else {
    return std::nullopt;
  }
  return point;
}

KillPoints::KillPoints(std::optional<KillPoint> at, std::string count_file)
    : at_(at), count_file_(std::move(count_file)) {}

KillPoints::~KillPoints() {
  if (!count_file_.empty()) {
    std::ofstream(count_file_) << count_.load() << '\n';
  }
}

std::optional<KillMoment> KillPoints::next() {
  const std::int64_t number = ++count_;
  return at_ && at_->statement == number ? std::optional(at_->moment) : std::nullopt;
}

Opener KillPoints::wrap(std::shared_ptr<KillPoints> points, Opener opener) {
  return [points = std::move(points),
          opener = std::move(opener)]() -> Result<std::unique_ptr<Connection>> {
    ZDM_TRY(std::unique_ptr<Connection> inner, opener());
    return std::make_unique<Counted>(std::move(inner), points);
  };
}

Result<std::shared_ptr<KillPoints>> kill_points(const Host& host) {
#ifdef ZDM_TEST_HOOKS
  const std::optional<std::string> kill_at = host.environment("ZDM_TEST_KILL_AT");
  const std::optional<std::string> count_file = host.environment("ZDM_COUNT_STATEMENTS");
  if (!kill_at && !count_file) {
    return nullptr;
  }
  std::optional<KillPoint> point;
  if (kill_at) {
    point = parse_kill_point(*kill_at);
    if (!point) {
      return planner::fail(ErrorCode::usage, "ZDM_TEST_KILL_AT is '" + *kill_at + "'",
                           "write N:before, N:sent or N:after");
    }
  }
  return std::make_shared<KillPoints>(point, count_file.value_or(""));
#else
  static_cast<void>(host);
  return nullptr;
#endif
}

}  // namespace zdm::migrations
