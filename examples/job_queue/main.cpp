// A queue of jobs, and the workers that do them: any number of processes, on any number of machines.
#include "common/arguments.hpp"
#include "common/run_server.hpp"
#include "letters.hpp"
#include "options.hpp"
#include "queue.hpp"
#include "schema.hpp"
#include "worker.hpp"

#include <corm/dev/postgres_server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using job_queue::Command;

corm::Task<> enqueue(corm::Engine& engine, const job_queue::Options& options) {
    const job_queue::Letter letter{.recipient = options.recipient, .text = "Greetings!"};
    co_await engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
        std::vector<job_queue::Job> jobs(static_cast<std::size_t>(options.count),
                                         job_queue::letter_job(letter, options.max_attempts));
        co_await job_queue::enqueue(session, std::move(jobs), options.delay);
    });
    std::cout << options.count << " enqueued" << std::endl;
}

corm::Task<> work(asio::io_context& context, corm::Engine& engine, const job_queue::Options& options) {
    const std::unique_ptr<job_queue::PostOffice> post =
        options.post == 0 ? job_queue::imaginary_post_office() : job_queue::post_office_at(options.post);
    job_queue::Worker worker{context.get_executor(), engine, options.terms, job_queue::letter_handlers(*post),
                             options.worker};
    asio::signal_set signals{context, SIGINT, SIGTERM};
    signals.async_wait([&](boost::system::error_code cancelled, int) {
        if (cancelled)
            return;
        signals.clear(); // the next one ends the process: leases run out
        std::cout << "stopping: jobs under way are brought to their end" << std::endl;
        worker.stop();
    });
    co_await worker.run();
    const job_queue::Tally& tally = worker.tally();
    std::cout << "stopped: " << tally.done << " done, " << tally.again << " to be tried again, " << tally.dead
              << " dead, " << tally.lost << " lost, " << tally.given_back << " given back" << std::endl;
}

corm::Task<> show_status(corm::Engine& engine) {
    for (const auto& [state, jobs] : co_await job_queue::count_states(engine))
        std::cout << boost::describe::enum_to_string(state, "?") << ' ' << jobs << std::endl;
}

corm::Task<> show_dead(corm::Engine& engine) {
    for (const corm::Ref<job_queue::Job>& job : co_await job_queue::dead_jobs(engine))
        std::cout << job->id << ' ' << job->kind << ", " << job->attempts
                  << " attempts: " << job->last_error.value_or("") << std::endl;
}

corm::Task<> revive(corm::Engine& engine, const job_queue::Options& options) {
    const std::int64_t revived = co_await job_queue::revive(engine, options.job, options.max_attempts);
    std::cout << revived << " revived" << std::endl;
}

corm::Task<> run_command(asio::io_context& context, corm::Engine& engine, const job_queue::Options& options) {
    const bool demo = options.command == Command::demo;
    if (demo || options.command == Command::setup)
        co_await job_queue::create_schema(engine);
    if (demo || options.command == Command::enqueue)
        co_await enqueue(engine, options);
    if (demo || options.command == Command::work)
        co_await work(context, engine, options);
    if (demo || options.command == Command::status)
        co_await show_status(engine);
    if (options.command == Command::dead)
        co_await show_dead(engine);
    if (options.command == Command::revive)
        co_await revive(engine, options);
    co_await engine.shutdown();
}

void run(const job_queue::Options& options) {
    const auto database = corm::dev::PostgresServer::from_environment();
    asio::io_context context{1};
    corm::EngineOptions engine_options{.pool = {.max_size = static_cast<std::size_t>(options.pool)},
                                       .application_name = "job_queue"};
    if (!options.terms.worker.empty()) {
        engine_options.application_name = options.terms.worker;
        // A worker that stands still in the middle of a claim holds row locks, which others skip: no longer than this.
        engine_options.settings.emplace_back("idle_in_transaction_session_timeout",
                                             std::to_string(options.terms.lease.count()));
    }
    corm::Engine engine{context.get_executor(), database.url(), engine_options};
    examples::run_server(context, run_command(context, engine, options));
}

} // namespace

int main(int argc, char** argv) {
    try {
        run(job_queue::parse_options(argc, argv));
        return 0;
    } catch (const examples::UsageError& error) {
        std::cerr << "job_queue: " << error.what() << '\n' << job_queue::usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "job_queue: " << error.what() << '\n';
        return 1;
    }
}
