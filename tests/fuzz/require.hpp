#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the run when a promise is broken, so that libFuzzer keeps the input.
#define FUZZ_REQUIRE(promise)                                                    \
  do {                                                                           \
    if (!(promise)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
      std::abort();                                                              \
    }                                                                            \
  } while (false)
