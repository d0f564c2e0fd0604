#include "explorer.hpp"

#include "pages.hpp"
#include "problems.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace explorer {
namespace {

using examples::HttpError;
using examples::not_allowed;
using examples::Problem;
using examples::Request;
using examples::Response;

/// Each statement is a transaction of its own: reads need no BEGIN.
constexpr corm::SessionOptions reading{.autocommit = true};

Response see_other(std::string location) {
    return {.status = 303, .body = {}, .content_type = "text/plain", .location = std::move(location)};
}

const Table& table_of(const Request& request, const Snapshot& snapshot, std::size_t at) {
    const Table* const table = snapshot.find(request.path.at(at), request.path.at(at + 1));
    if (table == nullptr)
        throw UnknownName{404, "there is no table " + request.path[at] + '.' + request.path[at + 1]};
    return *table;
}

std::string lower(std::string_view text) {
    std::string lowered{text};
    for (char& c : lowered)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lowered;
}

/// The host of a Host header, without the port.
std::string host_name(std::string_view host) {
    if (host.starts_with('['))
        return lower(host.substr(1, host.find(']') - 1));
    return lower(host.substr(0, host.find(':')));
}

/// The columns in which a form is not what it was when it was made. What nobody touched is not written, whatever a
/// browser makes of it, and so that it cannot undo what others wrote.
Changes entered_in(const examples::Fields& form, const Table& table) {
    Changes entered;
    for (const corm::schema::Column& column : table.shape->columns) {
        const std::string* const value = examples::find_field(form, "v." + column.name);
        const std::string* const seen = examples::find_field(form, "s." + column.name);
        if (value == nullptr || seen == nullptr || !is_editable(table, column.name))
            continue;
        const bool was_null = *seen == mark_of(Cell{});
        const bool ticked = examples::find_field(form, "n." + column.name) != nullptr;
        // Who types into a field that is NULL means what was typed.
        Cell now = ticked && (!was_null || value->empty()) ? Cell{} : Cell{with_lf(*value)};
        if (mark_of(now) != *seen)
            entered.emplace_back(column.name, std::move(now));
    }
    return entered;
}

} // namespace

/// A page of another site must not reach this server through the browser of someone who may: neither by a form (the
/// origin tells) nor under a name of its own that leads here (the host does).
void Explorer::refuse_strangers(const Request& request) const {
    const std::string name = host_name(request.host);
    boost::system::error_code error;
    boost::asio::ip::make_address(name, error);
    if (error && name != "localhost" && (options_.host.empty() || name != lower(options_.host)))
        throw HttpError{403, "this server is not called '" + name + "'; see --host"};
    if (request.method == "GET")
        return;
    // Something in front of the server may speak https for it.
    if (request.origin && *request.origin != "http://" + request.host && *request.origin != "https://" + request.host)
        throw HttpError{403, "pages of other sites may not change anything here"};
    if (options_.read_only)
        throw HttpError{403, "this server changes nothing (--read-only)"};
}

corm::Task<Row> Explorer::row_for(const corm::AsyncSession& session, const Request& request, const Table& table) const {
    const corm::mapping::RecordKey key = key_from(request, table);
    const corm::Ref<corm::Record> record = co_await session.get_one(table.mapper, key);
    co_return row_of(table, *record);
}

corm::Task<Response> Explorer::show_rows(const Request& request, const Known& known, const Table& table) {
    // The form for one more filter has no script that would make a filter of its fields.
    if (const std::string* column = examples::query_value(request, "column")) {
        const std::string* const op = examples::query_value(request, "op");
        const std::string* const value = examples::query_value(request, "value");
        Request others = request;
        std::erase_if(others.query, [](const auto& field) {
            return field.first == "column" || field.first == "op" || field.first == "value";
        });
        Wanted wanted = wanted_from(others, table);
        const std::optional<Operator> named = op != nullptr ? operator_named(*op) : std::nullopt;
        if (!named)
            throw HttpError{400, "there is no such operator"};
        wanted.filters.push_back(Filter{*named, *column, value != nullptr ? *value : std::string{}});
        co_return see_other(table_path(table) + query_of(wanted));
    }
    const Wanted wanted = wanted_from(request, table);
    corm::AsyncSession session{engine_, reading};
    const Listing listing = co_await read_rows(session, table, wanted);
    co_return rows_page(*known, table, wanted, listing);
}

corm::Task<Response> Explorer::show_row(const Request& request, const Known& known, const Table& table) {
    corm::AsyncSession session{engine_, reading};
    const Row row = co_await row_for(session, request, table);
    const std::vector<Related> related = co_await read_related(engine_, *known, table, row);
    co_return row_page(*known, table, row, related, !options_.read_only && !table.shape->is_view());
}

corm::Task<Response> Explorer::take_form(const Request& request, const Table& table) {
    const corm::mapping::RecordKey key = key_from(request, table);
    const examples::Fields form = examples::parse_fields(request.body);
    Request tagged = request;
    const std::string* const tag = examples::find_field(form, "tag");
    tagged.if_match = tag != nullptr ? *tag : std::string{};
    const std::string* const what = examples::find_field(form, "do");
    if (what == nullptr || (*what != "save" && *what != "delete"))
        throw HttpError{400, "the form says neither save nor delete"};
    if (*what == "delete") {
        const Outcome outcome = co_await delete_row(engine_, table, key, tagged);
        co_return outcome.stale ? conflict_page(table, outcome.row, {}) : see_other(table_path(table));
    }
    const Changes entered = entered_in(form, table);
    const Outcome outcome = co_await change_row(engine_, table, key, tagged, entered);
    if (outcome.stale)
        co_return conflict_page(table, outcome.row, entered);
    co_return see_other(row_path(table, outcome.row));
}

corm::Task<Response> Explorer::route_page(const Request& request, const Known& known) {
    const std::size_t parts = request.path.size();
    if (parts == 0) {
        if (request.method != "GET")
            co_return not_allowed("GET");
        co_return tables_page(*known);
    }
    const bool row = parts == 4 && request.path[3] == "row";
    if (request.path.front() != "tables" || (parts != 3 && !row))
        throw HttpError{404, "there is no such page"};
    const Table& table = table_of(request, *known, 1);
    if (request.method == "GET" && row)
        co_return co_await show_row(request, known, table);
    if (request.method == "GET")
        co_return co_await show_rows(request, known, table);
    if (request.method != "POST" || !row)
        co_return not_allowed(row ? "GET, POST" : "GET");
    co_return co_await take_form(request, table);
}

corm::Task<Response> Explorer::answer(Request request) {
    const bool json = !request.path.empty() && request.path.front() == "api";
    for (;;) {
        Known known;
        std::exception_ptr error;
        try {
            refuse_strangers(request);
            known = co_await catalogue_.current();
            if (json)
                co_return co_await route_json(request, known);
            co_return co_await route_page(request, known);
        } catch (...) {
            error = std::current_exception();
        }
        // What there was not may be there by now.
        const bool outdated = is_of_schema(error) && co_await is_outdated(known);
        if (outdated && request.method == "GET")
            continue;
        const Problem problem = problem_of(error);
        co_return json ? examples::error_response(problem) : problem_page(problem);
    }
}

corm::Task<bool> Explorer::is_outdated(const Known& known) {
    try {
        co_return co_await catalogue_.look(Catalogue::Clock::now()) != known;
    } catch (...) { // the problem is the one of the request
        co_return false;
    }
}

} // namespace explorer
