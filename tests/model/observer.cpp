#include "observer.hpp"

#include <stdexcept>

namespace model_test {

Observer::Observer(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
    // A transaction that a failed sequence has left behind must not stop the next one for ever.
    ask("set lock_timeout = '10s'");
}

std::string Observer::ask(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(connection_.get(), sql.c_str()), &PQclear};
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        throw std::runtime_error(std::string{"the test's own statement failed: "} + PQerrorMessage(connection_.get()));
    return PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

} // namespace model_test
