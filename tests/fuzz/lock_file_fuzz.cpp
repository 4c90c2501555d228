#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "files/lock_file.hpp"

/// What can be read is written in one way: reading that again changes nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace zdm::migrations;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // a whole header in front, or hardly any input would get past it
  for (const std::string& text : {std::string(bytes), "zdm-lock\t1\n" + std::string(bytes)}) {
    const auto file = parse_lock_file(text, "zdm.lock");
    if (!file) {
      if (!file.error().where || file.error().where->line < 1) std::abort();
      continue;
    }
    const auto written = to_text(*file);
    const auto again = parse_lock_file(written, "zdm.lock");
    if (!again || to_text(*again) != written) std::abort();
    if (ordered_releases(*file).size() > file->releases.size()) std::abort();
    (void)find_fork(*file);
  }
  return 0;
}
