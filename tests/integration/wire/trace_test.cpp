#include "client.hpp"
#include "recorder.hpp"

#include <algorithm>
#include <vector>

using namespace corm;
using namespace corm::test;

TEST_CASE("a tracer hears of connections, leases, statements and notices", "[pool][integration]") {
    const auto recorder = std::make_shared<Recorder>();
    Client client{{.max_size = 1}, {.url = server().url(), .password = "SECRET"}, recorder};
    pool::Lease lease = client.lease();
    CHECK(std::count(recorder->finished.begin(), recorder->finished.end(), "connect") == 1);
    CHECK(std::count(recorder->finished.begin(), recorder->finished.end(), "acquire") == 1);
    const auto late = client.ask(20ms);
    client.run_until([&] { return late->done; });
    CHECK(std::count(recorder->finished.begin(), recorder->finished.end(), "acquire failed") == 1);
    for (const std::string& subject : recorder->subjects)
        CHECK(subject.find("SECRET") == std::string::npos);

    const std::string noisy = "DO $$ BEGIN RAISE WARNING 'SECRET'; END $$";
    REQUIRE_FALSE(client.run(lease, request({"BEGIN", "SELECT generate_series(1, 3)", noisy.c_str()})).error);
    CHECK(client.run(lease, request({"SELECT 1/0", "SELECT 1"})).error);
    CHECK(recorder->statements ==
          std::vector<std::string>{"BEGIN rows=0 trip=1", "SELECT generate_series(1, 3) rows=3 trip=1",
                                   noisy + " rows=0 trip=1", "SELECT 1/0 rows=0 trip=2 failed"});
    CHECK(recorder->notices == std::vector<std::string>{"the server sent a notice of severity WARNING 01000"});
}
