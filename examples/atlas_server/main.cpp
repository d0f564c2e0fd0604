// An HTTP/JSON API over the ISO lists: a session for each request, all sharing one pool.
#include "api.hpp"
#include "common/arguments.hpp"
#include "common/http_server.hpp"
#include "common/run_server.hpp"
#include "loader.hpp"
#include "options.hpp"

#include <corm/dev/postgres_server.hpp>
#include <corm/trace/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <iostream>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

corm::Task<> serve(asio::io_context& context, corm::Engine& engine, const atlas::Options& options) {
    asio::signal_set signals{context, SIGINT, SIGTERM};
    if (options.load) {
        const auto started = std::chrono::steady_clock::now();
        const atlas::Loaded loaded = co_await atlas::load(engine, options.data);
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started;
        std::cout << "loaded " << loaded.countries << " countries, " << loaded.subdivisions << " subdivisions ("
                  << loaded.with_parent << " with parents), " << loaded.languages << " languages, " << loaded.currencies
                  << " currencies in " << elapsed.count() << " s, " << engine.stats().round_trips << " round trips"
                  << std::endl;
    }

    atlas::Metrics metrics;
    atlas::Api api{engine, metrics};
    examples::HttpServer server{context, options.address, options.port,
                                [&api](atlas::Request request) { return api.answer(std::move(request)); },
                                examples::HttpOptions{.server = "corm-atlas"}};
    server.start();
    std::cout << "listening on http://" << options.address << ':' << server.port() << std::endl;

    co_await signals.async_wait(asio::use_awaitable);
    std::cout << "stopping: no new connections, requests under way are finished" << std::endl;
    const bool finished = co_await server.stop(10s);
    co_await engine.shutdown();
    const corm::PoolStats pool = engine.stats();
    std::cout << "stopped: " << metrics.requests << " requests answered, " << (finished ? "none" : "some")
              << " cut off, " << pool.leased << " leases out" << std::endl;
}

int run(const atlas::Options& options) {
    const auto database = corm::dev::PostgresServer::from_environment();
    asio::io_context context{static_cast<int>(options.threads)};
    corm::EngineOptions engine_options{.pool = {.max_size = static_cast<std::size_t>(options.pool)},
                                       .deadline = corm::Duration{options.deadline_ms},
                                       .application_name = "corm-atlas"};
    if (options.trace)
        engine_options.tracer = std::make_shared<corm::trace::LogTracer>();
    corm::Engine engine{context.get_executor(), database.url(), engine_options};
    examples::run_server(context, serve(context, engine, options), options.threads);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(atlas::parse_options(argc, argv));
    } catch (const examples::UsageError& error) {
        std::cerr << "atlas_server: " << error.what() << '\n' << atlas::usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "atlas_server: " << error.what() << '\n';
        return 1;
    }
}
