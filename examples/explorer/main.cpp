// Any PostgreSQL database as pages and as JSON: tables are mapped as the server finds them.
#include "explorer.hpp"
#include "options.hpp"

#include "common/arguments.hpp"
#include "common/http_server.hpp"
#include "common/run_server.hpp"

#include <corm/dev/postgres_server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <iostream>
#include <utility>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

corm::Task<> serve(asio::io_context& context, corm::Engine& engine, const explorer::Options& options) {
    asio::signal_set signals{context, SIGINT, SIGTERM};
    explorer::Catalogue catalogue{context, engine, options.schema, options.version_column, options.check};
    static_cast<void>(co_await catalogue.current()); // a database that cannot be read ends the program

    explorer::Explorer explorer{engine, catalogue, options};
    examples::HttpServer server{
        context, options.address, options.port,
        [&explorer](examples::Request request) { return explorer.answer(std::move(request)); },
        examples::HttpOptions{.server = "corm-explorer", .header_bytes = 64 * 1024, .body_bytes = 16 * 1024 * 1024}};
    server.start();
    const bool six = options.address.find(':') != std::string::npos;
    std::cout << "listening on http://" << (six ? "[" + options.address + "]" : options.address) << ':' << server.port()
              << std::endl;

    co_await signals.async_wait(asio::use_awaitable);
    const bool finished = co_await server.stop(10s);
    co_await engine.shutdown();
    std::cout << "stopped: " << (finished ? "none" : "some") << " cut off, " << engine.stats().leased << " leases out"
              << std::endl;
}

int run(const explorer::Options& options) {
    const auto database = corm::dev::PostgresServer::from_environment();
    asio::io_context context{1};
    corm::Engine engine{context.get_executor(), database.url(),
                        corm::EngineOptions{.pool = {.max_size = static_cast<std::size_t>(options.pool)},
                                            .deadline = corm::Duration{options.deadline_ms},
                                            .application_name = "corm-explorer"}};
    examples::run_server(context, serve(context, engine, options));
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(explorer::parse_options(argc, argv));
    } catch (const examples::UsageError& error) {
        std::cerr << "explorer: " << error.what() << '\n' << explorer::usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "explorer: " << error.what() << '\n';
        return 1;
    }
}
