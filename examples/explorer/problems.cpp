#include "problems.hpp"

#include "rows.hpp"

namespace explorer {

using examples::Problem;

namespace {

unsigned status_of(corm::SqlState state, unsigned otherwise) {
    if (state == corm::SqlState{"42501"} || state == corm::sqlstate::read_only_transaction)
        return 403;
    if (state.condition_class() == "42" || state.condition_class() == "0A") // of what clients ask for, here
        return 422;
    // A materialized view without data, for example; a row that somebody else is changing.
    if (state == corm::SqlState{"55000"} || state == corm::sqlstate::lock_not_available)
        return 409;
    return otherwise;
}

} // namespace

bool is_of_schema(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const corm::DatabaseError& refused) {
        const std::string_view condition = refused.sqlstate().condition_class();
        return condition == "42" || condition == "0A" || condition == "22";
    } catch (const UnknownName&) {
        return true;
    } catch (const corm::ConversionError&) {
        return true;
    } catch (const corm::MappingError&) {
        return true;
    } catch (...) {
        return false;
    }
}

Problem problem_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const corm::DatabaseError& refused) {
        Problem problem{.status = status_of(refused.sqlstate(), 500)};
        if (problem.status == 500)
            problem = examples::problem_of(error);
        if (problem.status != 500)
            problem.message = refused.diagnostics().message;
        if (problem.status != 500 && !refused.diagnostics().detail.empty())
            problem.message += ": " + refused.diagnostics().detail;
        return problem;
    } catch (const corm::MappingError& unfit) {
        return {.status = 422, .message = unfit.what()};
    } catch (...) {
        return examples::problem_of(error);
    }
}

} // namespace explorer
