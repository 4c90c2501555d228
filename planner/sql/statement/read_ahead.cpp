#include "sql/statement/read_ahead.hpp"

#include <algorithm>
#include <system_error>

#include "sql/big_stack.hpp"

namespace zdm::planner {

namespace {

constexpr std::size_t kBlock = 16;  // files that one thread reads at a time: half a millisecond
constexpr std::size_t kAhead = 8;   // blocks that wait for next() at most: they take memory
constexpr unsigned kMostWorkers = 7;

}  // namespace

ReadAhead::ReadAhead(const std::vector<SqlFile>& files, const Read& read)
    : files_(files), read_(read), blocks_((files.size() + kBlock - 1) / kBlock) {
  if (blocks_.size() < 4) return;  // over before a thread has started
  const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
  try {
    for (unsigned i = 1; i < std::min(cores, kMostWorkers + 1); ++i) {
      // where there is no memory for its stack, others read
      workers_.emplace_back([this] { static_cast<void>(run_on_big_stack([this] { work(); })); });
    }
  } catch (const std::system_error&) {
    // no more threads: those there are will do
  }
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    leaves_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ReadAhead::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(
        lock, [this] { return leaves_ || begun_ == blocks_.size() || begun_ < wanted_ + kAhead; });
    if (leaves_ || begun_ == blocks_.size()) return;
    const std::size_t number = begun_++;
    blocks_[number].state = State::taken;
    lock.unlock();
    fill(number);
  }
}

void ReadAhead::fill(std::size_t number) {
  std::vector<FileFacts> facts;
  std::exception_ptr thrown;
  try {
    const std::size_t end = std::min((number + 1) * kBlock, files_.size());
    for (std::size_t at = number * kBlock; at < end; ++at) facts.push_back(read_(files_[at]));
  } catch (...) {
    thrown = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    blocks_[number] = {std::move(facts), State::ready, thrown};
  }
  changed_.notify_all();
}

/// Nobody may have come to it yet: then we read it ourselves.
ReadAhead::Block& ReadAhead::ready(std::size_t number) {
  std::unique_lock lock(mutex_);
  wanted_ = number;
  if (begun_ == number) {
    ++begun_;
    lock.unlock();
    fill(number);
  } else {
    changed_.notify_all();
    changed_.wait(lock, [&] { return blocks_[number].state == State::ready; });
  }
  return blocks_[number];
}

FileFacts ReadAhead::next() {
  const std::size_t at = taken_++;
  Block& block = at % kBlock == 0 ? ready(at / kBlock) : blocks_[at / kBlock];
  if (block.thrown) std::rethrow_exception(block.thrown);
  FileFacts facts = std::move(block.facts[at % kBlock]);
  if ((at + 1) % kBlock == 0) std::vector<FileFacts>().swap(block.facts);
  return facts;
}

}  // namespace zdm::planner
