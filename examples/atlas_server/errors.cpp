#include "errors.hpp"

#include <corm/base/error.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

#include <iostream>

namespace atlas {
namespace {

Response busy(std::string_view text) {
    Response response = error_response(503, text);
    response.retry_after = 1;
    return response;
}

Response response_to_server(const corm::DatabaseError& error) {
    const corm::SqlState state = error.sqlstate();
    const bool bad_value = state == corm::sqlstate::check_violation || state == corm::sqlstate::not_null_violation ||
                           state.condition_class() == "22"; // data exceptions
    if (bad_value)
        return error_response(422, error.what());
    if (state.is_integrity_violation())
        return error_response(409, error.what());
    if (state.is_retryable() || state == corm::sqlstate::query_canceled || state == corm::sqlstate::lock_not_available)
        return busy(error.what());
    std::cerr << "atlas: " << error.what() << '\n';
    return error_response(500, "the database refused a statement");
}

} // namespace

Response error_response(unsigned status, std::string_view text) {
    const boost::json::object body{{"error", {{"status", status}, {"message", text}}}};
    return {.status = status, .body = boost::json::serialize(body)};
}

Response response_to(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const HttpError& refused) {
        return error_response(refused.status(), refused.what());
    } catch (const corm::NotFoundError& missing) {
        return error_response(404, missing.what());
    } catch (const corm::StaleDataError& stale) {
        return error_response(412, stale.what());
    } catch (const corm::ConversionError& unfit) {
        return error_response(422, unfit.what());
    } catch (const corm::DatabaseError& refused) { // IntegrityError is one
        return response_to_server(refused);
    } catch (const corm::TimeoutError& late) {
        return busy(late.what());
    } catch (const corm::ConnectionError& lost) {
        return busy(lost.what());
    } catch (const corm::CommitOutcomeUnknown& unknown) {
        return error_response(504, unknown.what()); // no Retry-After: the client has to look first
    } catch (const std::exception& unexpected) {
        std::cerr << "atlas: " << unexpected.what() << '\n';
        return error_response(500, "this should not have happened");
    }
}

} // namespace atlas
