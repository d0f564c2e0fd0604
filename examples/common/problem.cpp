#include "problem.hpp"

#include <corm/base/error.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <iostream>

namespace examples {
namespace {

Problem busy(const char* text) {
    return {.status = 503, .message = text, .retry_after = 1};
}

Problem problem_with_server(const corm::DatabaseError& error) {
    const corm::SqlState state = error.sqlstate();
    const bool bad_value = state == corm::sqlstate::check_violation || state == corm::sqlstate::not_null_violation ||
                           state.condition_class() == "22"; // data exceptions
    if (bad_value)
        return {.status = 422, .message = error.what()};
    if (state.is_integrity_violation())
        return {.status = 409, .message = error.what()};
    if (state.is_retryable() || state == corm::sqlstate::query_canceled || state == corm::sqlstate::lock_not_available)
        return busy(error.what());
    std::cerr << error.what() << '\n';
    return {.status = 500, .message = "the database refused a statement"};
}

} // namespace

Problem problem_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const HttpError& refused) {
        return {.status = refused.status(), .message = refused.what()};
    } catch (const corm::NotFoundError& missing) {
        return {.status = 404, .message = missing.what()};
    } catch (const corm::StaleDataError& stale) {
        return {.status = 412, .message = stale.what()};
    } catch (const corm::ConversionError& unfit) {
        return {.status = 422, .message = unfit.what()};
    } catch (const corm::DatabaseError& refused) { // IntegrityError is one
        return problem_with_server(refused);
    } catch (const corm::TimeoutError& late) {
        return busy(late.what());
    } catch (const corm::ConnectionError& lost) {
        return busy(lost.what());
    } catch (const corm::CommitOutcomeUnknown& unknown) {
        return {.status = 504, .message = unknown.what()}; // the client has to look first
    } catch (const std::exception& unexpected) {
        std::cerr << unexpected.what() << '\n';
        return {.status = 500, .message = "this should not have happened"};
    }
}

Response error_response(const Problem& problem) {
    const boost::json::object body{{"error", {{"status", problem.status}, {"message", problem.message}}}};
    return {.status = problem.status, .body = boost::json::serialize(body), .retry_after = problem.retry_after};
}

Response not_allowed(const std::string& allow) {
    Response response = error_response({.status = 405, .message = "this resource knows " + allow});
    response.allow = allow;
    return response;
}

} // namespace examples
