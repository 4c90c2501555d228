#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "gate/facts.hpp"
#include "gate/sql_file.hpp"

namespace zdm::planner {

/// Reads files on all cores, a little ahead of the one who takes them, in order.
class ReadAhead {
 public:
  using Read = std::function<FileFacts(const SqlFile&)>;

  /// `read` is called by several threads at once. Both must outlive this.
  ReadAhead(const std::vector<SqlFile>& files, const Read& read);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// Of the next file. Throws what `read` threw.
  [[nodiscard]] FileFacts next();

 private:
  enum class State { waiting, taken, ready };
  struct Block {
    std::vector<FileFacts> facts;
    State state = State::waiting;
    std::exception_ptr thrown;
  };

  void work();
  void fill(std::size_t number);
  [[nodiscard]] Block& ready(std::size_t number);

  const std::vector<SqlFile>& files_;
  const Read& read_;
  std::vector<Block> blocks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t begun_ = 0;   // blocks before this one are taken or ready
  std::size_t wanted_ = 0;  // the block that next() takes from
  std::size_t taken_ = 0;   // files
  bool leaves_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace zdm::planner
