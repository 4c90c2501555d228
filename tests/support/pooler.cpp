#include "support/pooler.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "database/open.hpp"

namespace zdm::tests {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// It refuses to run as root, as the server does.
std::string as_server() {
  return geteuid() == 0
             ? "setpriv --reuid postgres --regid postgres --init-groups --pdeathsig TERM "
             : "setpriv --pdeathsig TERM ";
}

}  // namespace

Pooler::Pooler(PostgresServer& server, int pool_size) : folder_(server.folder()) {
  static int count = 0;
  port_ = 6432 + count++;
  const std::string base = folder_ + "/pgbouncer-" + std::to_string(port_);
  std::ofstream(base + ".users") << "\"postgres\" \"\"\n";
  std::ofstream(base + ".ini") << "[databases]\n* = host=" << folder_
                               << " port=5432\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = "
                               << folder_ << "\nlisten_port = " << port_
                               << "\nauth_type = trust\nauth_file = " << base
                               << ".users\npool_mode = transaction\ndefault_pool_size = "
                               << pool_size << "\n";
  const std::string command =
      "exec " + as_server() + "pgbouncer " + base + ".ini >" + base + ".log 2>&1 </dev/null";
  pid_ = fork();
  if (pid_ == 0) {
    setpgid(0, 0);
    execl("/bin/sh", "/bin/sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  const migrations::DatabaseUrl url_of_it{migrations::Secret(url("postgres"))};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!migrations::open(url_of_it, {})) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_ || std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("pgbouncer did not start:\n" + text_of(base + ".log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

Pooler::~Pooler() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

std::string Pooler::url(const std::string& database) const {
  return "postgresql:///" + database + "?host=" + folder_ + "&port=" + std::to_string(port_) +
         "&user=postgres";
}

}  // namespace zdm::tests
