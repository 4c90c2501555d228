// libpq brings thirty other libraries with it (Kerberos, LDAP, TLS …), which take longer to load
// than most of what zdm does without a PostgreSQL: so it is loaded when it is called for the first
// time. These are the functions that zdm calls, under their own names; the rest of zdm knows
// nothing of it.
#include <dlfcn.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <stdexcept>

namespace {

[[noreturn]] void missing() {
  throw std::runtime_error(fmt::format("libpq, which speaks to PostgreSQL: {}", dlerror()));
}

void* find(const char* name) {
  static void* const libpq = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (libpq == nullptr) missing();
  void* const function = dlsym(libpq, name);
  if (function == nullptr) missing();
  return function;
}

}  // namespace

// The type of a function, its name, its parameters, and these without their types.
#define ZDM_LIBPQ(type, name, parameters, arguments)                               \
  type name parameters {                                                           \
    static const auto function = reinterpret_cast<decltype(&(name))>(find(#name)); \
    return function arguments;                                                     \
  }

ZDM_LIBPQ(int, PQbackendPID, (const PGconn* conn), (conn))
ZDM_LIBPQ(int, PQcancel, (PGcancel * cancel, char* errbuf, int errbufsize),
          (cancel, errbuf, errbufsize))
ZDM_LIBPQ(void, PQclear, (PGresult * res), (res))
ZDM_LIBPQ(char*, PQcmdStatus, (PGresult * res), (res))
ZDM_LIBPQ(char*, PQcmdTuples, (PGresult * res), (res))
ZDM_LIBPQ(PQconninfoOption*, PQconndefaults, (), ())
ZDM_LIBPQ(PGconn*, PQconnectdbParams,
          (const char* const* keywords, const char* const* values, int expand_dbname),
          (keywords, values, expand_dbname))
ZDM_LIBPQ(void, PQconninfoFree, (PQconninfoOption * connOptions), (connOptions))
ZDM_LIBPQ(PQconninfoOption*, PQconninfoParse, (const char* conninfo, char** errmsg),
          (conninfo, errmsg))
ZDM_LIBPQ(char*, PQerrorMessage, (const PGconn* conn), (conn))
ZDM_LIBPQ(void, PQfinish, (PGconn * conn), (conn))
ZDM_LIBPQ(char*, PQfname, (const PGresult* res, int field_num), (res, field_num))
ZDM_LIBPQ(void, PQfreeCancel, (PGcancel * cancel), (cancel))
ZDM_LIBPQ(void, PQfreemem, (void* ptr), (ptr))
ZDM_LIBPQ(PGcancel*, PQgetCancel, (PGconn * conn), (conn))
ZDM_LIBPQ(int, PQgetCopyData, (PGconn * conn, char** buffer, int async), (conn, buffer, async))
ZDM_LIBPQ(PGresult*, PQgetResult, (PGconn * conn), (conn))
ZDM_LIBPQ(int, PQgetisnull, (const PGresult* res, int tup_num, int field_num),
          (res, tup_num, field_num))
ZDM_LIBPQ(int, PQgetlength, (const PGresult* res, int tup_num, int field_num),
          (res, tup_num, field_num))
ZDM_LIBPQ(char*, PQgetvalue, (const PGresult* res, int tup_num, int field_num),
          (res, tup_num, field_num))
ZDM_LIBPQ(int, PQnfields, (const PGresult* res), (res))
ZDM_LIBPQ(int, PQntuples, (const PGresult* res), (res))
ZDM_LIBPQ(int, PQputCopyEnd, (PGconn * conn, const char* errormsg), (conn, errormsg))
ZDM_LIBPQ(char*, PQresultErrorField, (const PGresult* res, int fieldcode), (res, fieldcode))
ZDM_LIBPQ(char*, PQresultErrorMessage, (const PGresult* res), (res))
ZDM_LIBPQ(ExecStatusType, PQresultStatus, (const PGresult* res), (res))
ZDM_LIBPQ(int, PQsendQuery, (PGconn * conn, const char* query), (conn, query))
ZDM_LIBPQ(int, PQsendQueryParams,
          (PGconn * conn, const char* command, int nParams, const Oid* paramTypes,
           const char* const* paramValues, const int* paramLengths, const int* paramFormats,
           int resultFormat),
          (conn, command, nParams, paramTypes, paramValues, paramLengths, paramFormats,
           resultFormat))
ZDM_LIBPQ(int, PQserverVersion, (const PGconn* conn), (conn))
ZDM_LIBPQ(PQnoticeReceiver, PQsetNoticeReceiver, (PGconn * conn, PQnoticeReceiver proc, void* arg),
          (conn, proc, arg))
ZDM_LIBPQ(ConnStatusType, PQstatus, (const PGconn* conn), (conn))
ZDM_LIBPQ(PGTransactionStatusType, PQtransactionStatus, (const PGconn* conn), (conn))
