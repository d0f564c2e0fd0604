// The resources of the atlas: a session for each request.
#pragma once

#include "common/message.hpp"
#include "metrics.hpp"

#include <corm/corm.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace atlas {

using examples::Request;
using examples::Response;

/// Answers requests. Thread-safe: everything that belongs to one request is in its coroutine.
class Api {
public:
    Api(corm::Engine& engine, Metrics& metrics) : engine_(engine), metrics_(metrics) {}

    /// Never throws: every error becomes a response.
    corm::Task<Response> answer(Request request);

private:
    struct Page {
        std::int64_t total = 0; ///< in the table, not on the page
        Response response;
    };

    corm::Task<Response> route(const Request& request);
    corm::Task<Response> route_country(const Request& request);
    corm::Task<Response> route_subdivision(const Request& request);

    corm::Task<Response> show_country(const Request& request);
    corm::Task<Response> show_subdivision(const Request& request);
    corm::Task<Response> list_countries(const Request& request);
    corm::Task<Response> list_subdivisions(const Request& request);
    corm::Task<Response> list_languages(const Request& request);
    corm::Task<Response> list_currencies(const Request& request);
    corm::Task<Response> health();
    corm::Task<Response> stats() const;

    template <class T>
    corm::Task<Response> patch(const Request& request, std::span<const std::string_view> fixed);
    template <auto Key, class T>
    corm::Task<Page> list(const Request& request, corm::query::Select<T> matching);

    corm::Engine& engine_;
    Metrics& metrics_;
};

} // namespace atlas
