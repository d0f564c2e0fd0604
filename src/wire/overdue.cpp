#include "wire/overdue.hpp"

#include <corm/base/error.hpp>

#include <string>

namespace corm::wire {

std::exception_ptr settle_overdue(std::exception_ptr error, std::source_location where) {
    try {
        if (error)
            std::rethrow_exception(error);
    } catch (const DatabaseError& refused) {
        if (refused.sqlstate() == sqlstate::query_canceled)
            return std::make_exception_ptr(
                TimeoutError("the deadline passed before the COMMIT; the server has given up, nothing was saved",
                             Phase::commit, where));
    } catch (...) {
        // The connection was lost: `error` says what that means.
    }
    return error;
}

std::exception_ptr make_timeout(const Request& request) {
    constexpr std::size_t shown = 200;
    std::string text = "the deadline passed while executing";
    if (!request.statements.empty()) {
        // An open COPY has nothing else under way.
        const bool copies = request.statements.back().channel != nullptr;
        const std::string& sql = *(copies ? request.statements.back() : request.statements.front()).sql;
        text += ": " + sql.substr(0, shown);
        if (sql.size() > shown)
            text += "...";
        if (!copies && request.statements.size() > 1)
            text += " and " + std::to_string(request.statements.size() - 1) + " more";
    }
    return std::make_exception_ptr(TimeoutError(text, Phase::execute, request.where));
}

} // namespace corm::wire
