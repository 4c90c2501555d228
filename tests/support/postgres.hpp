#pragma once

#include <memory>
#include <string>

namespace zdm::tests {

/// A throwaway PostgreSQL of this process: started at the first use, reached over a socket only,
/// gone with the process, also after kill -9 (what such a process leaves on disk, a later one
/// removes). Server programs are those of ZDM_TEST_PG_BIN, of pg_config --bindir, or the newest in
/// /usr/lib/postgresql. The first use must be on a thread that lives as long as the process: the
/// kernel ties the server's life to the thread that started it (prctl(2), PR_SET_PDEATHSIG).
class PostgresServer final {
 public:
  /// Throws std::runtime_error with the server's log when it does not start.
  [[nodiscard]] static PostgresServer& shared();
  /// One of its own, for a test that stops or kills it. `settings`: more "-c name=value".
  explicit PostgresServer(const std::string& settings = {});
  /// A hot standby of `primary`, which is stopped and started again for the copy. It is called
  /// "standby" and answers the primary every second.
  [[nodiscard]] static std::unique_ptr<PostgresServer> standby_of(PostgresServer& primary);
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  /// postgresql:// URL of a database of this server, as superuser postgres.
  [[nodiscard]] std::string url(const std::string& database) const;
  /// The folder of its socket; port 5432. Readable to everyone, writable to user postgres.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// The folder of its programs.
  [[nodiscard]] const std::string& bin() const { return bin_; }
  [[nodiscard]] int pid() const { return pid_; }
  /// Stops it at once, as a power cut would (SIGQUIT).
  void stop();
  /// Starts it again on the same data.
  void start();

 private:
  /// With a copy of the data in a folder.
  PostgresServer(std::string settings, std::string bin, const std::string& data);

  std::string settings_;
  std::string bin_;
  std::string folder_;
  int lock_ = -1;
  int pid_ = 0;
};

}  // namespace zdm::tests
