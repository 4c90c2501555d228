#include "execute/patient_session.hpp"

namespace zdm::migrations {

Result<PatientSession> PatientSession::begin(Connection& work) {
  PatientSession patient;
  if (work.engine() == Engine::sqlite || work.pooled()) return patient;
  ZDM_TRY(const Rows rows, work.run("SELECT current_setting('lock_timeout'), "
                                    "current_setting('statement_timeout')"));
  ZDM_CHECK(work.run("SET lock_timeout = 0"));
  ZDM_CHECK(work.run("SET statement_timeout = 0"));
  patient.lock_timeout_ = rows.first(0);
  patient.statement_timeout_ = rows.first(1);
  return patient;
}

Result<void> PatientSession::end(Connection& work) const {
  if (lock_timeout_.empty() || !work.usable()) return {};
  ZDM_CHECK(work.run(R"(
      SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false))",
                     {lock_timeout_, statement_timeout_}));
  return {};
}

}  // namespace zdm::migrations
