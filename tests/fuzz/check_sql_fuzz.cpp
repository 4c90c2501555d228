// The last byte chooses the version and the wrapping, the rest is the file. So a file can be a
// seed.
#include "gate/check_sql.hpp"

#include <cstdint>
#include <string>

#include "fuzz/require.hpp"

using namespace zdm::planner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choice = data[size - 1];
  SqlFile file{.path = "fuzz.sql"};
  file.bytes.assign(reinterpret_cast<const char*>(data), size - 1);
  file.shipped = file.bytes;
  file.wrapping = choice >= 128 ? Wrapping::transaction : Wrapping::none;
  const SqlVerdict verdict = check_sql({file}, {.postgres = 12 + choice % 7});
  for (const Finding& finding : verdict.findings) {
    FUZZ_REQUIRE(!finding.rule.empty());
    FUZZ_REQUIRE(!finding.message.empty());
    FUZZ_REQUIRE(finding.where.line > 0 && finding.where.column > 0);
    FUZZ_REQUIRE(finding.where.end_line >= finding.where.line);
    if (finding.fix) FUZZ_REQUIRE(finding.fix->offset + finding.fix->length <= file.bytes.size());
  }
  FUZZ_REQUIRE(verdict.unanalysed <= verdict.statements);
  return 0;
}
