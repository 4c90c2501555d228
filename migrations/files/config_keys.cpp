#include "files/config_keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace zdm::migrations {

namespace {

using enum ValueKind;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = kMinute * 60 * 24;

// clang-format off
constexpr ConfigKey kKeys[] = {
    {"backfill", "batch_target", duration, "10ms", "", 1, 10 * kMinute, ""},
    {"backfill", "duty", percent, "100%", "", 1, 100, ""},
    {"backfill", "health_url", text, "", "", 0, 0, ""},
    {"backfill", "max_replica_lag", duration, "", "", 0, kDay, ""},
    {"backfill", "pause_when", texts, "", "", 0, 0, ""},
    {"backfill", "workers", integer, "1", "", 1, 64, ""},
    {"database", "url", url, "", "", 0, 0, "--database"},
    {"gate", "apart", choice, "destructive", "destructive|every", 0, 0, ""},
    {"gate", "postgres", integer, "15", "", 12, 18, ""},
    {"gate", "sql", texts, "", "", 0, 0, ""},
    {"locks", "budget", duration, "10min", "", 0, 7 * kDay, "--lock-budget"},
    // 0 would mean "wait for ever" to PostgreSQL, and every lock we take must be bounded (law 8)
    {"locks", "timeout", duration, "500ms", "", 1, 60 * kMinute, "--lock-timeout"},
    {"migrations", "dir", path, "migrations", "", 0, 0, ""},
    {"migrations", "search_path", text, "", "", 0, 0, ""},
    {"release", "live", choice, "recorded", "recorded|assumed", 0, 0, ""},
};

constexpr ConfigKey kPartitionKeys[] = {
    {"partition", "ahead", integer, "4", "", 1, 1000, ""},
    {"partition", "anchor", text, "", "", 0, 0, ""},
    {"partition", "column", text, "", "", 0, 0, ""},
    {"partition", "expire", choice, "drop", "drop|detach|archive", 0, 0, ""},
    {"partition", "interval", interval, "", "", 0, 0, ""},
    {"partition", "keep", interval, "", "", 0, 0, ""},
    {"partition", "max_drops", integer, "12", "", 1, 100'000, ""},
    {"partition", "name", text, "{table}_{range}", "", 0, 0, ""},
    {"partition", "privileges", choice, "newest", "newest|parent|none", 0, 0, ""},
    {"partition", "schema", text, "", "", 0, 0, ""},
    {"partition", "step", integer, "", "", 1, INT64_MAX, ""},
    {"partition", "timezone", text, "UTC", "", 0, 0, ""},
};

constexpr ConfigKey kMatviewKeys[] = {
    {"matview", "after", texts, "", "", 0, 0, ""},
    {"matview", "every", duration, "", "", 1000, 366 * kDay, ""},
    {"matview", "max_replica_lag", duration, "", "", 0, kDay, ""},
    {"matview", "method", choice, "concurrently", "auto|concurrently|swap", 0, 0, ""},
    {"matview", "vacuum", choice, "auto", "auto|off", 0, 0, ""},
};
// clang-format on

}  // namespace

std::span<const ConfigKey> config_keys() {
  return kKeys;
}
std::span<const ConfigKey> partition_keys() {
  return kPartitionKeys;
}
std::span<const ConfigKey> matview_keys() {
  return kMatviewKeys;
}

std::string full_name(const ConfigKey& key) {
  return std::string(key.table).append(".").append(key.name);
}

std::vector<std::string> environment_names(const ConfigKey& key) {
  if (key.kind == texts) return {};
  std::string name = "ZDM_" + full_name(key);
  for (char& byte : name) {
    byte = byte == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(byte)));
  }
  if (key.kind == url) return {name, "DATABASE_URL"};
  return {name};
}

}  // namespace zdm::migrations
