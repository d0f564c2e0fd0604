#include "orm/failed_while.hpp"

#include <corm/base/error.hpp>

#include <utility>

namespace corm::orm {

std::exception_ptr failed_while(const std::string& doing, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const DatabaseError& refused) {
        Diagnostics diagnostics = refused.diagnostics();
        diagnostics.during += (diagnostics.during.empty() ? "" : ", ") + doing;
        return make_database_error(std::move(diagnostics), refused.where());
    } catch (...) {
        return error;
    }
}

std::exception_ptr too_large(const std::string& subject, const std::exception_ptr& error, std::source_location where) {
    try {
        std::rethrow_exception(error);
    } catch (const ResultTooLarge& large) {
        return std::make_exception_ptr(ResultTooLarge(subject + ": " + large.what(), large.sql(), where));
    } catch (...) {
        return nullptr;
    }
}

} // namespace corm::orm
