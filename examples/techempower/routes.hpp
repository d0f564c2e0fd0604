// The database routes of the TechEmpower framework benchmarks: /db, /queries, /fortunes and /updates.
#pragma once

#include "common/message.hpp"

#include <corm/corm.hpp>

namespace techempower {

/// Answers requests, a session for each. Thread-safe: everything that belongs to one request is in its coroutine.
class Routes {
public:
    explicit Routes(corm::Engine& engine) : engine_(engine) {}

    /// Never throws: every error becomes a response.
    corm::Task<examples::Response> answer(examples::Request request);

private:
    corm::Task<examples::Response> route(const examples::Request& request);
    corm::Task<examples::Response> db();
    corm::Task<examples::Response> queries(const examples::Request& request);
    corm::Task<examples::Response> updates(const examples::Request& request);
    corm::Task<examples::Response> fortunes();

    corm::Engine& engine_;
};

/// Makes the tables world and fortune with their rows, in the first schema of the search path. They must not be there.
corm::Task<> create_tables(corm::Engine& engine);

} // namespace techempower
