#include "api.hpp"

#include "atlas.hpp"
#include "common/problem.hpp"
#include "patch.hpp"

#include <corm/json.hpp>

#include <boost/describe/enum_from_string.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace atlas {
namespace {

namespace json = boost::json;
using examples::allow_query;
using examples::error_response;
using examples::HttpError;
using examples::query_number;
using examples::query_value;

/// Each statement is a transaction of its own: reads need no BEGIN.
constexpr corm::SessionOptions reading{.autocommit = true};

/// With its quotes.
std::string entity_tag(std::int32_t version) {
    return '"' + std::to_string(version) + '"';
}

template <class T>
Response entity(const corm::Ref<T>& row) {
    return {.body = corm::to_json_text(row), .etag = entity_tag(row->version)};
}

/// True if the request asks for related objects as well: `with` has one value for each resource.
bool asks_for(const Request& request, std::string_view name) {
    allow_query(request, {"with"});
    const std::string* with = query_value(request, "with");
    if (with != nullptr && *with != name)
        throw HttpError{400, "with takes '" + std::string{name} + "' here"};
    return with != nullptr;
}

void allow_methods(const Request& request, std::string_view first, std::string_view second = {}) {
    if (request.method != first && (second.empty() || request.method != second))
        throw HttpError{405, "this resource does not know the method " + request.method};
}

// What PATCH must not touch.
constexpr std::array<std::string_view, 2> fixed_of_country{"alpha_2", "version"};
constexpr std::array<std::string_view, 3> fixed_of_subdivision{"code", "country", "version"};

template <class Enum>
Enum enumerator(const Request& request, std::string_view name) {
    Enum value{};
    const std::string* text = query_value(request, name);
    if (!boost::describe::enum_from_string(text->c_str(), value))
        throw HttpError{400, std::string{name} + " has no value '" + *text + "'"};
    return value;
}

} // namespace

/// Alone, or as a tree: its subdivisions, and inside of them their parts.
corm::Task<Response> Api::show_country(const Request& request) {
    const bool as_tree = asks_for(request, "subdivisions");
    corm::AsyncSession session{engine_, reading};
    const corm::Ref<Country> country = co_await session.get_one<Country>(request.path[1]);
    if (!as_tree)
        co_return entity(country);
    // Parts are subdivisions of the country as well, so that one step links all levels.
    co_await session.load(country, corm::load<&Country::subdivisions, &Subdivision::parts>);
    std::vector<corm::Ref<Subdivision>> highest;
    std::ranges::copy_if(country->subdivisions, std::back_inserter(highest),
                         [](const corm::Ref<Subdivision>& subdivision) { return !subdivision->parent; });
    json::object tree = corm::to_json(country).as_object();
    tree["subdivisions"] = corm::to_json(highest);
    co_return Response{.body = json::serialize(tree)}; // its version says nothing of the subdivisions: no ETag
}

/// Alone, or with what it is a part of and with its parts: both in one round trip.
corm::Task<Response> Api::show_subdivision(const Request& request) {
    const bool related = asks_for(request, "relations");
    corm::AsyncSession session{engine_, reading};
    const corm::Ref<Subdivision> subdivision = co_await session.get_one<Subdivision>(request.path[1]);
    if (!related)
        co_return entity(subdivision);
    co_await session.load(subdivision, corm::load<&Subdivision::part_of>, corm::load<&Subdivision::parts>);
    co_return Response{.body = corm::to_json_text(subdivision)};
}

template <class T>
corm::Task<Response> Api::patch(const Request& request, std::span<const std::string_view> fixed) {
    examples::require_if_match(request);
    const json::object fields = parse_object(request.body);

    corm::AsyncSession session{engine_};
    const corm::Ref<T> row = co_await session.get_one<T>(request.path[1]);
    if (!examples::matches(request, entity_tag(row->version))) {
        ++metrics_.stale_when_read;
        Response refused =
            error_response({.status = 412, .message = "somebody else has changed this since; read it again"});
        refused.etag = entity_tag(row->version);
        co_return refused; // the session ends here, and its transaction with it
    }
    apply_patch(row.edit(), fields, fixed);
    try {
        co_await session.commit();
    } catch (const corm::StaleDataError&) {
        ++metrics_.stale_when_committed;
        throw;
    }
    co_return entity(row);
}

/// One page of `matching`, and how many there are in all: one round trip.
template <auto Key, class T>
corm::Task<Api::Page> Api::list(const Request& request, corm::query::Select<T> matching) {
    const std::int64_t limit = query_number(request, "limit", 50, 1, 500);
    const std::int64_t offset = query_number(request, "offset", 0, 0, 1'000'000);
    if (const std::string* name = query_value(request, "name"))
        matching.where(corm::col<&T::name>.icontains(*name));

    corm::AsyncSession session{engine_, reading};
    const auto [total, rows] = co_await session.pipeline(
        corm::count(matching), corm::query::Select<T>{matching}.order_by(corm::asc<Key>).limit(limit).offset(offset));
    const json::object page{{"total", total}, {"limit", limit}, {"offset", offset}, {"items", corm::to_json(rows)}};
    co_return Page{.total = total, .response = {.body = json::serialize(page)}};
}

corm::Task<Response> Api::list_countries(const Request& request) {
    allow_query(request, {"limit", "offset", "name"});
    co_return (co_await list<&Country::alpha_2>(request, corm::select<Country>())).response;
}

corm::Task<Response> Api::list_subdivisions(const Request& request) {
    allow_query(request, {"limit", "offset", "name", "type", "parent"});
    const std::string& country = request.path[1];
    auto matching = corm::select<Subdivision>().where(corm::col<&Subdivision::country> == country);
    if (const std::string* type = query_value(request, "type"))
        matching.where(corm::col<&Subdivision::type> == *type);
    if (const std::string* parent = query_value(request, "parent"))
        matching.where(corm::col<&Subdivision::parent> == *parent);
    Page page = co_await list<&Subdivision::code>(request, std::move(matching));
    if (page.total == 0) { // perhaps there is no such country: 404
        corm::AsyncSession session{engine_, reading};
        static_cast<void>(co_await session.get_one<Country>(country));
    }
    co_return std::move(page.response);
}

corm::Task<Response> Api::list_languages(const Request& request) {
    allow_query(request, {"limit", "offset", "name", "scope", "kind"});
    auto matching = corm::select<Language>();
    if (query_value(request, "scope") != nullptr)
        matching.where(corm::col<&Language::scope> == enumerator<LanguageScope>(request, "scope"));
    if (query_value(request, "kind") != nullptr)
        matching.where(corm::col<&Language::kind> == enumerator<LanguageKind>(request, "kind"));
    co_return (co_await list<&Language::alpha_3>(request, std::move(matching))).response;
}

corm::Task<Response> Api::list_currencies(const Request& request) {
    allow_query(request, {"limit", "offset", "name"});
    co_return (co_await list<&Currency::alpha_3>(request, corm::select<Currency>())).response;
}

corm::Task<Response> Api::health() {
    corm::AsyncSession session{engine_, reading};
    static_cast<void>(co_await session.one<std::int32_t>(corm::raw_sql("SELECT 1")));
    co_return Response{.body = R"({"status":"ok"})"};
}

corm::Task<Response> Api::stats() const {
    const corm::PoolStats pool = engine_.stats();
    json::object statuses;
    for (std::size_t status = 0; status < metrics_.by_status.size(); ++status) {
        if (const std::uint64_t count = metrics_.by_status[status]; count > 0)
            statuses[std::to_string(status)] = count;
    }
    co_return Response{.body =
                           json::serialize(json::object{{"requests", metrics_.requests.load()},
                                                        {"statuses", std::move(statuses)},
                                                        {"stale_when_read", metrics_.stale_when_read.load()},
                                                        {"stale_when_committed", metrics_.stale_when_committed.load()},
                                                        {"pool",
                                                         {{"idle", pool.idle},
                                                          {"leased", pool.leased},
                                                          {"dialing", pool.dialing},
                                                          {"cleaning", pool.cleaning},
                                                          {"waiting", pool.waiting},
                                                          {"acquired", pool.acquired},
                                                          {"timed_out", pool.timed_out},
                                                          {"connected", pool.connected},
                                                          {"discarded", pool.discarded},
                                                          {"round_trips", pool.round_trips},
                                                          {"statements", pool.statements}}}})};
}

corm::Task<Response> Api::route_country(const Request& request) {
    if (request.path.size() == 1) {
        allow_methods(request, "GET");
        return list_countries(request);
    }
    if (request.path.size() == 3 && request.path[2] == "subdivisions") {
        allow_methods(request, "GET");
        return list_subdivisions(request);
    }
    if (request.path.size() != 2)
        throw HttpError{404, "there is no such resource"};
    allow_methods(request, "GET", "PATCH");
    if (request.method == "GET")
        return show_country(request);
    allow_query(request, {});
    return patch<Country>(request, fixed_of_country);
}

corm::Task<Response> Api::route_subdivision(const Request& request) {
    if (request.path.size() != 2)
        throw HttpError{404, "there is no such resource"};
    allow_methods(request, "GET", "PATCH");
    if (request.method == "GET")
        return show_subdivision(request);
    allow_query(request, {});
    return patch<Subdivision>(request, fixed_of_subdivision);
}

corm::Task<Response> Api::route(const Request& request) {
    const std::string_view first = request.path.empty() ? std::string_view{} : request.path.front();
    if (first == "countries")
        return route_country(request);
    if (first == "subdivisions")
        return route_subdivision(request);
    if (request.path.size() != 1)
        throw HttpError{404, "there is no such resource"};
    if (first != "languages" && first != "currencies" && first != "health" && first != "stats")
        throw HttpError{404, "there is no such resource"};
    allow_methods(request, "GET");
    if (first == "languages")
        return list_languages(request);
    if (first == "currencies")
        return list_currencies(request);
    if (first == "health")
        return health();
    return stats();
}

corm::Task<Response> Api::answer(Request request) {
    Response response;
    try {
        response = co_await route(request);
    } catch (...) {
        response = error_response(examples::problem_of(std::current_exception()));
    }
    if (response.status == 405)
        response.allow = request.path.size() == 2 ? "GET, PATCH" : "GET";
    ++metrics_.requests;
    ++metrics_.by_status[response.status];
    co_return response;
}

} // namespace atlas
