#include "options.hpp"

#include "common/arguments.hpp"

#include <unistd.h>

#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace job_queue {

const char* const usage = R"(job_queue COMMAND [options]
  setup           makes the tables, as far as they are missing
  enqueue         adds letters to the queue
    --count N       (1)
    --delay MS      not before that (0)
    --to NAME       recipient (ada)
    --attempts N    after so many failures it is dead (5)
  work            sends letters until SIGTERM or SIGINT; a second signal ends it at once
    --name NAME     of this worker; no two that run have the same (host:process)
    --at-once N     letters under way (10)
    --lease MS      how long letters are kept from others by a worker that is gone (30000)
    --poll MS       how often to look without having heard anything (60000)
    --backoff MS    before the second attempt; doubled each time (1000)
    --grace MS      for letters that are under way at the signal (30000)
    --drain         end when there is nothing left to do
    --pool N        connections to the database, beside the one that listens (4)
    --post PORT     the post office, on this machine; without one, one is imagined
  status          counts jobs by their state
  dead            lists the jobs that have failed for good
  revive          gives dead jobs another chance
    --job N         this one (0: all of them)
    --attempts N    how many chances (5)
  demo            setup, enqueue, work --drain, status; with their options
The database is CORM_DATABASE_URL, or a private server that lives as long as the program, which is enough for demo.
)";

namespace {

Command command_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Command>, 7> commands{{{"setup", Command::setup},
                                                                            {"enqueue", Command::enqueue},
                                                                            {"work", Command::work},
                                                                            {"status", Command::status},
                                                                            {"dead", Command::dead},
                                                                            {"revive", Command::revive},
                                                                            {"demo", Command::demo}}};
    for (const auto& [known, command] : commands) {
        if (name == known)
            return command;
    }
    throw examples::UsageError{"there is no command '" + std::string{name} + "'"};
}

std::string own_name() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return std::string{host.data()} + ':' + std::to_string(getpid());
}

} // namespace

Options parse_options(int argc, char** argv) {
    if (argc < 2)
        throw examples::UsageError{"it takes a command"};
    const Command command = command_named(argv[1]);
    examples::Arguments arguments{argc - 1, argv + 1};
    const auto duration = [&arguments](std::string_view name, std::int64_t otherwise, std::int64_t least) {
        return corm::Duration{arguments.number(name, otherwise, least, 86'400'000)};
    };
    const bool demo = command == Command::demo;
    const bool adds = demo || command == Command::enqueue;
    const bool works = demo || command == Command::work;
    // Those of other commands stay where they are, and `finish` complains about them.
    Options options{};
    options.command = command;
    if (adds) {
        options.count = arguments.number("--count", demo ? 100 : 1, 1, 1'000'000);
        options.delay = duration("--delay", 0, 0);
        options.recipient = arguments.text("--to", "ada");
    }
    if (adds || command == Command::revive)
        options.max_attempts = static_cast<std::int32_t>(arguments.number("--attempts", 5, 1, 1000));
    if (command == Command::revive)
        options.job = arguments.number("--job", 0, 0, std::numeric_limits<std::int64_t>::max());
    if (works) {
        options.terms.worker = arguments.text("--name", own_name());
        if (options.terms.worker.empty() || options.terms.worker.find_first_of(" \t\n") != std::string::npos)
            throw examples::UsageError{"--name takes a name without blanks"};
        options.terms.lease = duration("--lease", 30'000, 100);
        options.terms.first_backoff = duration("--backoff", 1'000, 1);
        options.worker.at_once = static_cast<std::size_t>(arguments.number("--at-once", 10, 1, 1000));
        options.worker.poll = duration("--poll", 60'000, 10);
        options.worker.grace = duration("--grace", 30'000, 0);
        options.worker.drain = arguments.flag("--drain") || demo;
        options.post = static_cast<std::uint16_t>(arguments.number("--post", 0, 0, 65535));
    }
    options.pool = works ? arguments.number("--pool", 4, 1, 90) : 1;
    arguments.finish();
    return options;
}

} // namespace job_queue
