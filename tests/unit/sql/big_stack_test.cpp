#include "sql/big_stack.hpp"

#include <stdexcept>
#include <thread>

#include "support/catch.hpp"

using zdm::planner::run_on_big_stack;

namespace {

/// Bytes of stack that so many calls take, each with a megabyte of its own: few, as a sanitizer
/// counts them.
std::size_t recurse(int calls) {
  volatile char taken[1024 * 1024] = {};
  return calls == 0 ? sizeof taken : recurse(calls - 1) + sizeof taken;
}

}  // namespace

TEST_CASE("what runs on a big stack stays on it, as deep as it goes", "[sql][big_stack]") {
  std::thread::id outer;
  std::thread::id inner;
  std::size_t used = 0;
  REQUIRE(run_on_big_stack([&] {
    outer = std::this_thread::get_id();
    REQUIRE(run_on_big_stack([&] {
      inner = std::this_thread::get_id();
      used = recurse(100);
    }));
  }));
  CHECK(outer != std::this_thread::get_id());
  CHECK(inner == outer);
  CHECK(used > std::size_t{100} * 1024 * 1024);
}

TEST_CASE("a thread that a big stack starts has none", "[sql][big_stack]") {
  std::thread::id other;
  std::thread::id inner;
  REQUIRE(run_on_big_stack([&] {
    std::thread([&] {
      other = std::this_thread::get_id();
      CHECK(run_on_big_stack([&] { inner = std::this_thread::get_id(); }));
    }).join();
  }));
  CHECK(inner != other);
}

TEST_CASE("exceptions come through a big stack", "[sql][big_stack]") {
  const auto work = [] { throw std::runtime_error("too long"); };
  CHECK_THROWS_WITH(run_on_big_stack(work), "too long");
  bool ran = false;
  REQUIRE(run_on_big_stack([&] {
    CHECK_THROWS_WITH(run_on_big_stack(work), "too long");
    ran = true;
  }));
  CHECK(ran);
}
