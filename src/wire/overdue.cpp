#include "wire/overdue.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
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

std::exception_ptr make_timeout(const Request& request, std::size_t answered) {
    constexpr std::size_t shown = 200;
    std::string text = "the deadline passed while executing";
    if (!request.statements.empty()) {
        std::size_t end = request.statements.size() - request.behind;
        std::size_t first = std::max(answered, request.ahead);
        if (first >= end) { // what ends the transaction
            end = request.statements.size();
            first = std::min(answered, end - 1);
        }
        if (request.statements.back().channel) // an open COPY has nothing else under way
            first = end - 1;
        const std::string& sql = *request.statements[first].sql;
        text += ": " + sql.substr(0, shown);
        if (sql.size() > shown)
            text += "...";
        if (end - first > 1)
            text += " and " + std::to_string(end - first - 1) + " more";
    }
    return std::make_exception_ptr(TimeoutError(text, Phase::execute, request.where));
}

} // namespace corm::wire
