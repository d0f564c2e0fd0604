#include "admin.hpp"

#include <stdexcept>

namespace corm::soak {

Admin::Result Admin::run(const std::string& sql) {
    const auto is_good = [](const Result& result) {
        const ExecStatusType status = PQresultStatus(result.get());
        return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    };
    Result result{connection_ ? PQexec(connection_.get(), sql.c_str()) : nullptr, &PQclear};
    if (!is_good(result)) { // it may have been lost while nobody looked
        connection_.reset(PQconnectdb(url_.c_str()));
        PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
        result.reset(PQexec(connection_.get(), sql.c_str()));
    }
    if (!is_good(result))
        throw std::runtime_error(std::string{"the soak's own statement failed: "} + PQerrorMessage(connection_.get()));
    return result;
}

std::string Admin::ask(const std::string& sql) {
    const Result result = run(sql);
    return PQntuples(result.get()) > 0 && PQnfields(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

std::vector<std::string> Admin::list(const std::string& sql) {
    const Result result = run(sql);
    std::vector<std::string> values;
    for (int row = 0; row < PQntuples(result.get()); ++row)
        values.emplace_back(PQgetvalue(result.get(), row, 0));
    return values;
}

std::optional<std::string> Admin::try_ask(const std::string& sql) {
    try {
        return ask(sql);
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

} // namespace corm::soak
