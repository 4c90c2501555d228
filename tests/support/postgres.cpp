#include "support/postgres.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "database/open.hpp"

namespace zdm::tests {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& message) {
  throw std::runtime_error(message);
}

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 256> buffer{};
  while (pipe != nullptr && fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    text += buffer.data();
  }
  if (pipe != nullptr) {
    pclose(pipe);
  }
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

std::string find_bin() {
  if (const char* given = std::getenv("ZDM_TEST_PG_BIN")) {
    return given;
  }
  std::string own = output_of("pg_config --bindir 2>/dev/null");
  if (!own.empty() && fs::exists(own + "/initdb")) {
    return own;
  }
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(entry.path() / "bin/initdb")) {
      newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
    }
  }
  if (newest == 0) {
    fail("no PostgreSQL server programs: install postgresql, or set ZDM_TEST_PG_BIN");
  }
  return "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
}

/// PostgreSQL refuses to run as root: then its programs run as user postgres. SIGQUIT comes when
/// the thread that started them dies, however it dies.
std::string as_server() {
  return geteuid() == 0
             ? "setpriv --reuid postgres --regid postgres --init-groups --pdeathsig QUIT "
             : "setpriv --pdeathsig QUIT ";
}

void run(const std::string& command) {
  const std::string log = output_of(command + " 2>&1; echo \"status $?\"");
  if (!log.ends_with("status 0")) {
    fail(command + " failed:\n" + log);
  }
}

void give_to_server(const std::string& folder) {
  if (const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr) {
    if (chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
      fail("cannot give " + folder + " to user postgres");
    }
  }
}

/// Locked while the descriptor is open: a killed process needs nobody to unlock for it.
int lock_file(const std::string& path, int how) {
  const int descriptor = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (descriptor >= 0 && flock(descriptor, how) == 0) {
    return descriptor;
  }
  if (descriptor >= 0) {
    close(descriptor);
  }
  return -1;
}

/// What processes left that did not come to their end: their locks can be had, or are gone where a
/// copy went on after its folder was removed.
void clean(const std::string& root) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root, ignored)) {
    std::string folder = entry.path().string();
    if (entry.path().filename().string().starts_with("template")) continue;
    if (folder.ends_with(".lock")) folder.resize(folder.size() - 5);
    if (const int lock = lock_file(folder + ".lock", LOCK_EX | LOCK_NB); lock >= 0) {
      fs::remove_all(folder, ignored);
      fs::remove(folder + ".lock", ignored);
      close(lock);
    }
  }
}

/// A lock until the end of the scope, whatever is thrown there.
class FileLock final {
 public:
  explicit FileLock(const std::string& path) : descriptor_(lock_file(path, LOCK_EX)) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { close(descriptor_); }

 private:
  int descriptor_;
};

/// One initdb per machine and server version; everybody copies it.
std::string template_data(const std::string& root, const std::string& bin) {
  const std::string version = output_of(bin + "/postgres --version | cut -d' ' -f3");
  std::string data = root + "/template-" + version;
  const FileLock lock(root + "/template.lock");
  if (!fs::exists(data)) {
    const std::string making = data + ".new";
    fs::remove_all(making);
    fs::create_directory(making);
    give_to_server(making);
    run(as_server() + bin + "/initdb -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 -D " +
        making);
    fs::rename(making, data);
  }
  return data;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer(const std::string& settings)
    : PostgresServer(settings, find_bin(), {}) {
  start();
}

std::unique_ptr<PostgresServer> PostgresServer::standby_of(PostgresServer& primary) {
  primary.stop();
  const auto settings = fmt::format(
      "-c primary_conninfo='host={} port=5432 user=postgres application_name=standby' "
      "-c wal_receiver_status_interval=1s",
      primary.folder());
  auto standby = std::unique_ptr<PostgresServer>(
      new PostgresServer(settings, primary.bin(), primary.folder() + "/data"));
  primary.start();
  const auto data = standby->folder() + "/data";
  std::ofstream(data + "/standby.signal").close();
  fs::remove(data + "/postmaster.pid");
  standby->start();
  return standby;
}

PostgresServer::PostgresServer(std::string settings, std::string bin, const std::string& data)
    : settings_(std::move(settings)), bin_(std::move(bin)) {
  static int count = 0;
  const std::string root = "/tmp/zdm-test-" + std::to_string(geteuid());
  fs::create_directories(root);
  chmod(root.c_str(), 0755);
  clean(root);
  folder_ = root + "/" + std::to_string(getpid()) + "-" + std::to_string(++count);
  lock_ = lock_file(folder_ + ".lock", LOCK_EX | LOCK_NB);
  fs::create_directory(folder_);
  chmod(folder_.c_str(), 0755);
  give_to_server(folder_);
  const auto source = data.empty() ? template_data(root, bin_) : data;
  run("cp -a --reflink=auto " + source + " " + folder_ + "/data");
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  fs::remove(folder_ + ".lock", ignored);
  close(lock_);
}

std::string PostgresServer::url(const std::string& database) const {
  return "postgresql:///" + database + "?host=" + folder_ + "&port=5432&user=postgres";
}

void PostgresServer::stop() {
  if (pid_ > 0) {
    kill(pid_, SIGQUIT);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
}

void PostgresServer::start() {
  const std::string command =
      "exec " + as_server() + bin_ + "/postgres -D " + folder_ + "/data -k " + folder_ +
      " -c listen_addresses='' -c port=5432 -c fsync=off -c synchronous_commit=off"
      " -c full_page_writes=off -c max_connections=100 -c autovacuum=off -c deadlock_timeout=1s"
      " -c wal_level=logical -c max_prepared_transactions=10 -c shared_buffers=32MB "
      "-c logging_collector=off " +
      settings_ + " >" + folder_ + "/log 2>&1 </dev/null";
  const std::string shell = "/bin/sh";
  pid_ = fork();
  if (pid_ == 0) {
    // A group of its own, so that Ctrl-C in a terminal leaves the end to the test.
    setpgid(0, 0);
    execl(shell.c_str(), shell.c_str(), "-c", command.c_str(), nullptr);
    _exit(127);
  }
  const migrations::DatabaseUrl url_of_it{migrations::Secret(url("postgres"))};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!migrations::open(url_of_it, {})) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_ || std::chrono::steady_clock::now() > until) {
      fail("PostgreSQL did not start:\n" + text_of(folder_ + "/log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace zdm::tests
