#include "pipeline_fixture.hpp"

#include "wire/connect_fsm.hpp"
#include "wire/connect_plan.hpp"

#include <corm/wire/config.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>

using namespace corm;
using namespace corm::test;
using wire::Config;
using wire::ConnectFsm;

namespace {

std::string value(const wire::Keywords& keywords, const std::string& name) {
    const auto found =
        std::find_if(keywords.begin(), keywords.end(), [&](const auto& each) { return each.first == name; });
    return found == keywords.end() ? "(none)" : found->second;
}

std::vector<wire::Attempt> attempts(const Config& config) {
    std::mt19937 random{1};
    return wire::make_attempts(wire::make_plan(config), random);
}

} // namespace

TEST_CASE("fields win over the URL", "[wire][unit]") {
    const Config config{.url = "postgresql://app:secret@/shop?application_name=mine&host=/run/a",
                        .host = "/run/b",
                        .user = "other",
                        .statement_timeout = Duration{2500},
                        .settings = {{"search_path", "app, public"}}};
    const auto made = attempts(config);
    REQUIRE(made.size() == 1);
    const wire::Keywords& keywords = made[0].keywords;
    CHECK(value(keywords, "host") == "/run/b");
    CHECK(value(keywords, "user") == "other");
    CHECK(value(keywords, "password") == "secret");
    CHECK(value(keywords, "dbname") == "shop");
    CHECK(value(keywords, "application_name") == "mine");
    CHECK(value(keywords, "client_encoding") == "UTF8");
    CHECK(value(keywords, "options") == "-c statement_timeout=2500 -c search_path=app,\\ public");
    CHECK(value(attempts({.host = "/run/b"})[0].keywords, "application_name") == "corm");
}

TEST_CASE("F62: a setting stays one setting, whatever its value holds", "[wire][unit][F62]") {
    const auto options = [](std::string value_of_setting) {
        return value(attempts({.host = "/a", .settings = {{"x.y", std::move(value_of_setting)}}})[0].keywords,
                     "options");
    };
    CHECK(options("a b") == "-c x.y=a\\ b");
    CHECK(options("a\\ -c b") == "-c x.y=a\\\\\\ -c\\ b");
    for (const char blank : {' ', '\t', '\n', '\v', '\f', '\r', '\xa0', '\x85'}) {
        const std::string text = std::string{"1"} + blank + "-c" + blank + "role=admin";
        CHECK(options(text) == std::string{"-c x.y=1\\"} + blank + "-c\\" + blank + "role=admin");
    }
}

TEST_CASE("each host and address is an attempt of its own", "[wire][unit]") {
    const auto made =
        attempts({.url = "host=10.0.0.1,/run/pg,localhost port=6000,6001,6002 connect_timeout=3 sslmode=require"});
    REQUIRE(made.size() >= 3);
    CHECK(value(made[0].keywords, "hostaddr") == "10.0.0.1");
    CHECK(value(made[0].keywords, "port") == "6000");
    CHECK(value(made[0].keywords, "connect_timeout") == "(none)");
    CHECK(value(made[1].keywords, "hostaddr") == "(none)");
    CHECK(value(made[1].keywords, "port") == "6001");
    CHECK(value(made[2].keywords, "host") == "localhost");
    CHECK(value(made[2].keywords, "hostaddr") != "(none)");
    CHECK(wire::make_plan({.url = "connect_timeout=3"}).connect_timeout == Duration{3000});
}

TEST_CASE("standbys are preferred over all hosts, not host by host", "[wire][unit]") {
    const auto made = attempts({.url = "host=/a,/b target_session_attrs=prefer-standby"});
    REQUIRE(made.size() == 4);
    CHECK(value(made[1].keywords, "target_session_attrs") == "standby");
    CHECK(value(made[2].keywords, "target_session_attrs") == "any");
    CHECK(value(made[2].keywords, "host") == "/a");
}

TEST_CASE("a redacted configuration shows no password", "[wire][unit]") {
    const Config config{.url = "postgresql://app:SECRET@db1:6000,db2:6001/shop?sslmode=require", .password = "SECRET2"};
    CHECK(config.redacted() == "postgresql://app@db1:6000,db2:6001/shop");
}

TEST_CASE("connections by TCP say how they are protected", "[wire][unit]") {
    using wire::Transport;
    const auto refused = [](const Config& config) {
        try {
            config.validate();
            return false;
        } catch (const ConnectionError&) {
            return true;
        }
    };
    const Config bare{.host = "db1", .user = "app"};
    CHECK(refused(bare));
    for (const char* mode : {"disable", "prefer", "require", "verify-full"}) {
        Config chosen = bare;
        chosen.parameters = {{"sslmode", mode}};
        CHECK_FALSE(refused(chosen));
        chosen.transport = Transport::secure;
        CHECK(refused(chosen) == (mode != std::string{"verify-full"}));
    }
    CHECK_FALSE(refused({.host = "db1", .transport = Transport::trusted}));
    for (const char* host : {"127.0.0.1", "localhost", "::1", "/run/postgresql"})
        CHECK_FALSE(refused({.host = host}));
    const auto made = attempts({.host = "10.0.0.1,/run/pg", .port = "5432", .transport = Transport::secure});
    REQUIRE(made.size() == 2);
    CHECK(value(made[0].keywords, "sslmode") == "verify-full");
    CHECK(value(made[0].keywords, "channel_binding") == "require");
    CHECK(value(made[1].keywords, "channel_binding") == "(none)"); // a Unix socket has no channel to bind to
    CHECK(value(made[0].keywords, "gssencmode") == "disable");
    CHECK(value(made[0].keywords, "keepalives_idle") == "30");
    CHECK(value(made[0].keywords, "tcp_user_timeout") == "30000");
    const auto own = attempts({.url = "host=/run/pg gssencmode=prefer tcp_user_timeout=5"});
    CHECK(value(own[0].keywords, "gssencmode") == "prefer");
    CHECK(value(own[0].keywords, "tcp_user_timeout") == "5");
}

TEST_CASE("F14: a malformed configuration is refused without its text", "[wire][unit][F14]") {
    const std::string canary = "SECRETWORD";
    const std::string nul("pass\0SECRETWORD", 15);
    const Config configs[] = {
        {.url = "password=my SECRETWORD"},
        {.url = "host=a passwordSECRETWORD"},
        {.url = "host=a SECRETWORD=1"},
        {.url = "host='SECRETWORD"},
        {.url = "host=a port=SECRETWORD"},
        {.url = "host=a port=70000"},
        {.url = "host=a,b port=1,2,3"},
        {.url = "host=a,b hostaddr=10.0.0.1"},
        {.url = "host=a connect_timeout=SECRETWORD"},
        {.url = "host=/a sslmode=SECRETWORD"},
        {.url = "host=/a channel_binding=SECRETWORD"},
        {.url = "host=/a gssencmode=SECRETWORD"},
        {.url = "host=/a target_session_attrs=SECRETWORD"},
        {.url = "host=/a ssl_min_protocol_version=SECRETWORD"},
        {.url = "host=/a keepalives_idle=SECRETWORD"},
        {.url = "host=/a tcp_user_timeout=SECRETWORD"},
        {.url = "postgresql://user:SECRETWORD/x@host"},
        {.url = "postgresql://user:p%zzSECRETWORD@host/x"},
        {.url = "postgresql://user:pa@SECRETWORD@host/x"},
        {.url = "postgresql://user:pa%00SECRETWORD@host/x"},
        {.url = "postgresql://user:SECRETWORD"},
        {.url = "postgresql://host:SECRETWORD/x"},
        {.url = "postgresql://host/x?SECRETWORD=1"},
        {.url = "postgresql://host/x?sslmode=SECRETWORD"},
        {.url = "postgresql://host/x?password=%gSECRETWORD"},
        {.url = "postgresql://[SECRETWORD/x"},
        {.url = "postgresql://[::1]SECRETWORD/x"},
        {.url = std::string("host=/a\0password=SECRETWORD", 27)},
        {.host = "/a", .user = nul},
        {.host = "/a", .password = nul},
        {.host = "user:pw@SECRETWORD"},
        {.database = nul},
        {.application_name = nul},
        {.statement_timeout = Duration{-1}},
        {.settings = {{"a b", canary}}},
        {.settings = {{"a\r-c\rb", canary}}},
        {.settings = {{"a=b", canary}}},
        {.settings = {{"", canary}}},
        {.settings = {{"7days", canary}}},
        {.settings = {{"app..x", canary}}},
        {.settings = {{"caf\xc3\xa9", canary}}},
        {.settings = {{"search_path", std::string(10'000, 'x') + canary}}},
        {.application_name = std::string(10'000, 'x') + canary},
        {.settings = {{"search_path", nul}}},
        {.parameters = {{"no_such_keyword", canary}}},
        {.parameters = {{"sslrootcert", nul}}},
    };
    static_assert(std::size(configs) >= 30);
    for (const Config& config : configs) {
        INFO(&config - configs);
        try {
            config.validate();
            FAIL("accepted");
        } catch (const ConnectionError& e) {
            CHECK(std::string{e.what()}.find(canary) == std::string::npos);
            CHECK(e.diagnostics().message.empty());
            CHECK_FALSE(e.safe_to_retry());
        }
    }
}

TEST_CASE("an attempt waits for what libpq asks for", "[wire][unit]") {
    const auto pq = std::make_shared<FakePq>();
    pq->polls = {wire::PollStatus::reading, wire::PollStatus::writing, wire::PollStatus::ok};
    ConnectFsm fsm{pq, {{{"host", "/run/a"}, {"user", "app"}}, "/run/a"}};
    CHECK(fsm.start() == ConnectFsm::Want::write);
    CHECK(pq->verbose);
    CHECK(pq->gives_notices());
    CHECK(pq->keywords == std::map<std::string, std::string>{{"host", "/run/a"}, {"user", "app"}});
    CHECK(fsm.resume() == ConnectFsm::Want::read);
    CHECK(fsm.resume() == ConnectFsm::Want::write);
    CHECK(fsm.resume() == ConnectFsm::Want::connected);
    CHECK(fsm.take());
    CHECK(pq->finished == 1);
}

TEST_CASE("a failed attempt tells whether waiting mends it", "[wire][unit]") {
    struct Case {
        std::string text;
        std::string code;
        wire::DialFailure failure;
        bool answered = false;
        wire::Keywords keywords{};
    };
    using enum wire::DialFailure;
    const Case cases[] = {
        {"connection to server failed: FATAL:  28P01: password authentication failed", "28P01", refused},
        {"FATAL:  3D000: database \"x\" does not exist\nLOCATION:  InitPostgres", "3D000", refused},
        {"SCHWERWIEGEND:  53300: zu viele Verbindungen", "53300", transient},
        {"FATAL:  57P03: the database system is starting up", "57P03", transient},
        {"connection to server at \"db\" failed: Connection refused\n", "", transient},
        {"SSL error: certificate verify failed\n", "", permanent, true},
        {"session is read-only", "", transient, true, {{"target_session_attrs", "read-write"}}},
    };
    for (const Case& each : cases) {
        const auto pq = std::make_shared<FakePq>();
        pq->polls = {wire::PollStatus::failed};
        pq->connect_error = each.text;
        pq->input = each.answered;
        ConnectFsm fsm{pq, {each.keywords, "db1"}};
        fsm.start();
        REQUIRE(fsm.resume() == ConnectFsm::Want::failed);
        CHECK(fsm.failure() == each.failure);
        const auto error = caught<ConnectionError>(fsm.error());
        CHECK(error.sqlstate().code() == each.code);
        CHECK(std::string{error.what()}.find("db1") != std::string::npos);
        CHECK(pq->finished == 1);
    }
}
