#include "sql/big_stack.hpp"

#include <pthread.h>

#include <exception>

namespace zdm::planner {

namespace {

constexpr std::size_t kStackBytes = std::size_t{256} * 1024 * 1024;

thread_local bool on_big_stack = false;

struct Job {
  const std::function<void()>& work;
  std::exception_ptr thrown;
};

void* run(void* argument) {
  Job& job = *static_cast<Job*>(argument);
  on_big_stack = true;
  try {
    job.work();
  } catch (...) {
    job.thrown = std::current_exception();
  }
  return nullptr;
}

}  // namespace

bool run_on_big_stack(const std::function<void()>& work) {
  if (on_big_stack) {
    work();
    return true;
  }
  Job job{work, nullptr};
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_t thread{};
  const bool started = pthread_attr_setstacksize(&attributes, kStackBytes) == 0 &&
                       pthread_create(&thread, &attributes, &run, &job) == 0;
  pthread_attr_destroy(&attributes);
  if (!started) return false;
  pthread_join(thread, nullptr);
  if (job.thrown) std::rethrow_exception(job.thrown);
  return true;
}

}  // namespace zdm::planner
