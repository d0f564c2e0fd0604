#include "routes.hpp"

#include "entities.hpp"

#include "common/html.hpp"
#include "common/problem.hpp"

#include <corm/json.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace techempower {

namespace {

namespace json = boost::json;
using examples::Request;
using examples::Response;

constexpr std::int32_t worlds = 10'000;

/// Reads share connections. Each row by a query of its own, as the rules of the benchmark have it.
corm::SessionOptions reading() {
    return {.reader = true, .join_reads = false};
}

std::int32_t random_number() {
    thread_local std::mt19937 generator{std::random_device{}()};
    return std::uniform_int_distribution<std::int32_t>{1, worlds}(generator);
}

/// `queries` of the request: what is no number counts as 1, the rest is brought between 1 and 500.
std::size_t row_count(const Request& request) {
    const std::string* given = examples::query_value(request, "queries");
    if (given == nullptr)
        return 1;
    long count = 0;
    const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), count);
    if (error == std::errc::result_out_of_range)
        return given->front() == '-' ? 1 : 500;
    if (error != std::errc{} || end != given->data() + given->size())
        return 1;
    return static_cast<std::size_t>(std::clamp(count, 1L, 500L));
}

/// Different keys: each row is to be read by a query of its own, and a session reads none twice.
std::set<std::int32_t> random_keys(std::size_t count) {
    std::set<std::int32_t> keys;
    while (keys.size() < count)
        keys.insert(random_number());
    return keys;
}

corm::Task<std::vector<corm::Ref<World>>> read_worlds(const corm::AsyncSession& session, std::size_t count) {
    std::vector<corm::Ref<World>> found;
    for (const std::int32_t key : random_keys(count))
        found.push_back(co_await session.get_one<World>(key));
    co_return found;
}

} // namespace

corm::Task<Response> Routes::db() {
    corm::AsyncSession session{engine_, reading()};
    const corm::Ref<World> world = co_await session.get_one<World>(random_number());
    co_return Response{.body = corm::to_json_text(world)};
}

corm::Task<Response> Routes::queries(const Request& request) {
    corm::AsyncSession session{engine_, reading()};
    const auto found = co_await read_worlds(session, row_count(request));
    co_return Response{.body = json::serialize(corm::to_json(found))};
}

/// All new numbers travel with the COMMIT, in one statement.
corm::Task<Response> Routes::updates(const Request& request) {
    corm::AsyncSession session{engine_};
    const auto found = co_await read_worlds(session, row_count(request));
    for (const corm::Ref<World>& world : found)
        world.edit().randomNumber = random_number();
    co_await session.commit();
    co_return Response{.body = json::serialize(corm::to_json(found))};
}

corm::Task<Response> Routes::fortunes() {
    corm::AsyncSession session{engine_, reading()};
    const auto found = co_await session.all(corm::select<Fortune>());
    const Fortune added{.id = 0, .message = "Additional fortune added at request time."};
    std::vector<std::reference_wrapper<const Fortune>> all{added};
    for (const corm::Ref<Fortune>& fortune : found)
        all.emplace_back(*fortune);
    std::ranges::sort(all, {}, [](const Fortune& fortune) -> const std::string& { return fortune.message; });
    std::string page = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>"
                       "<tr><th>id</th><th>message</th></tr>";
    for (const Fortune& fortune : all)
        page +=
            "<tr><td>" + std::to_string(fortune.id) + "</td><td>" + examples::escape(fortune.message) + "</td></tr>";
    page += "</table></body></html>";
    co_return Response{.body = std::move(page), .content_type = "text/html; charset=utf-8"};
}

corm::Task<Response> Routes::route(const Request& request) {
    if (request.method != "GET")
        throw examples::HttpError{405, "every resource here is only read"};
    const std::string name = request.path.size() == 1 ? request.path[0] : "";
    if (name == "db")
        return db();
    if (name == "queries")
        return queries(request);
    if (name == "updates")
        return updates(request);
    if (name == "fortunes")
        return fortunes();
    throw examples::HttpError{404, "there is no such resource"};
}

corm::Task<Response> Routes::answer(Request request) {
    Response response;
    try {
        response = co_await route(request);
    } catch (...) {
        response = examples::error_response(examples::problem_of(std::current_exception()));
    }
    if (response.status == 405)
        response.allow = "GET";
    co_return response;
}

corm::Task<> create_tables(corm::Engine& engine) {
    using corm::raw_sql;
    corm::AsyncSession session{engine};
    co_await session.pipeline(
        raw_sql("CREATE TABLE world (id int PRIMARY KEY, randomnumber int NOT NULL) WITH (fillfactor = 50)"),
        raw_sql("CREATE TABLE fortune (id int PRIMARY KEY, message text NOT NULL)"));
    co_await session.pipeline(
        raw_sql("INSERT INTO world SELECT i, 1 + floor(random() * 10000)::int FROM generate_series(1, 10000) i"),
        raw_sql("INSERT INTO fortune VALUES"
                " (1, 'fortune: No such file or directory'),"
                " (2, 'A computer scientist is someone who fixes things that aren''t broken.'),"
                " (3, 'After enough decimal places, nobody gives a damn.'),"
                " (4, 'A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1'),"
                " (5, 'A computer program does what you tell it to do, not what you want it to do.'),"
                " (6, 'Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen'),"
                " (7, 'Any program that runs right is obsolete.'),"
                " (8, 'A list is only as strong as its weakest link. — Donald Knuth'),"
                " (9, 'Feature: A bug with seniority.'),"
                " (10, 'Computers make very fast, very accurate mistakes.'),"
                " (11, '<script>alert(\"This should not be displayed in a browser alert box.\");</script>'),"
                " (12, 'フレームワークのベンチマーク')"));
    co_await session.commit();
}

} // namespace techempower
