// The TechEmpower benchmarks' database routes over corm.
#include "common/arguments.hpp"
#include "common/http_server.hpp"
#include "common/run_server.hpp"
#include "routes.hpp"

#include <corm/dev/postgres_server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <iostream>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr const char* usage = R"(techempower [options]
  --address A     address to listen on (127.0.0.1)
  --port N        port, 0 takes a free one (8080)
  --threads N     threads that run requests and connections (1)
  --pool N        connections to the database (32)
  --load          make the tables world and fortune first
The database is CORM_DATABASE_URL, or a private server that lives as long as the program.
)";

struct Options {
    std::string address;
    std::uint16_t port;
    std::int64_t threads;
    std::int64_t pool;
    bool load;
};

Options parse_options(int argc, char** argv) {
    examples::Arguments arguments{argc, argv};
    Options options{
        .address = arguments.text("--address", "127.0.0.1"),
        .port = static_cast<std::uint16_t>(arguments.number("--port", 8080, 0, 65535)),
        .threads = arguments.number("--threads", 1, 1, 64),
        .pool = arguments.number("--pool", 32, 1, 512),
        .load = arguments.flag("--load"),
    };
    arguments.finish();
    return options;
}

corm::Task<> serve(asio::io_context& context, corm::Engine& engine, const Options& options) {
    asio::signal_set signals{context, SIGINT, SIGTERM};
    if (options.load)
        co_await techempower::create_tables(engine);
    techempower::Routes routes{engine};
    examples::HttpServer server{context, options.address, options.port,
                                [&routes](examples::Request request) { return routes.answer(std::move(request)); }};
    server.start();
    std::cout << "listening on http://" << options.address << ':' << server.port() << std::endl;
    co_await signals.async_wait(asio::use_awaitable);
    co_await server.stop(10s);
    co_await engine.shutdown();
}

int run(const Options& options) {
    const auto database = corm::dev::PostgresServer::from_environment();
    asio::io_context context{static_cast<int>(options.threads)};
    corm::Engine engine{
        context.get_executor(), database.url(), {.pool = {.max_size = static_cast<std::size_t>(options.pool)}}};
    examples::run_server(context, serve(context, engine, options), options.threads);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(parse_options(argc, argv));
    } catch (const examples::UsageError& error) {
        std::cerr << "techempower: " << error.what() << '\n' << usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "techempower: " << error.what() << '\n';
        return 1;
    }
}
