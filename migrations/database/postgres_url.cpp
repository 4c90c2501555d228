#include "database/postgres_url.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace zdm::migrations {

namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

Options parse(const Secret& text) {
  char* problem = nullptr;
  Options options(PQconninfoParse(text.reveal().c_str(), &problem), &PQconninfoFree);
  PQfreemem(problem);
  return options;
}

std::string value_of(const Options& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) {
      return option->val;
    }
  }
  return {};
}

}  // namespace

Result<void> check_postgres(const Secret& text) {
  // A text without '=' and without the scheme would be taken as a database name by libpq.
  const std::string& value = text.reveal();
  const bool has_form = value.empty() || value.starts_with("postgresql://") ||
                        value.starts_with("postgres://") || value.find('=') != std::string::npos;
  if (has_form && parse(text)) {
    return {};
  }
  return planner::fail(ErrorCode::usage, "the database URL is not one that can be read",
                       "write postgresql://user@host/database, key=value pairs, or sqlite:file.db");
}

std::string display_postgres(const Secret& text) {
  const Options options = parse(text);
  if (!options) {
    return "(unreadable database URL)";
  }
  const std::string user = value_of(options, "user");
  const std::string host = value_of(options, "host");
  const std::string port = value_of(options, "port");
  const bool socket = host.starts_with('/') || host.starts_with('@');
  std::string shown = "postgresql://";
  shown += user.empty() ? "" : user + "@";
  shown += socket ? "" : host;
  shown += port.empty() || socket ? "" : ":" + port;
  shown += "/" + value_of(options, "dbname");
  if (socket) {
    shown += "?host=" + host + (port.empty() ? "" : "&port=" + port);
  }
  return shown;
}

std::string without_password(std::string message, const Secret& text) {
  const Options options = parse(text);
  if (!options) {
    return message;
  }
  for (const std::string_view keyword : {"password", "sslpassword"}) {
    const std::string secret = value_of(options, keyword);
    for (std::size_t at = 0;
         !secret.empty() && (at = message.find(secret, at)) != std::string::npos; at += 3) {
      message.replace(at, secret.size(), "***");
    }
  }
  return message;
}

}  // namespace zdm::migrations
