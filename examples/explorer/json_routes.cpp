// The same as JSON, for programs.
#include "explorer.hpp"

#include "common/problem.hpp"

#include <corm/schema/diagram.hpp>
#include <corm/schema/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace explorer {
namespace {

namespace json = boost::json;
using examples::HttpError;
using examples::not_allowed;
using examples::Request;
using examples::Response;

Response json_response(const json::value& body) {
    return {.status = 200, .body = json::serialize(body)};
}

Response row_response(const Snapshot& snapshot, const Table& table, const Row& row) {
    return {.status = 200, .body = to_json(snapshot, table, row), .etag = entity_tag(row)};
}

json::object described(const Table& table) {
    json::array columns;
    for (const corm::schema::Column& column : table.shape->columns)
        columns.push_back({{"name", column.name},
                           {"type", column.type.text},
                           {"null", !column.not_null},
                           {"editable", is_editable(table, column.name)}});
    json::array key;
    if (table.mapper != nullptr) {
        for (const std::size_t column : table.mapper->key_columns())
            key.emplace_back(table.mapper->column(column).name);
    }
    json::array relations;
    for (const corm::schema::Relation& relation : table.relations)
        relations.push_back({{"name", relation.name},
                             {"schema", relation.target.schema},
                             {"table", relation.target.name},
                             {"many", corm::mapping::is_to_many(relation.kind)}});
    return {{"schema", table.shape->schema},
            {"name", table.shape->name},
            {"columns", std::move(columns)},
            {"key", std::move(key)},
            {"relations", std::move(relations)}};
}

/// The length of the value of JSON that `text` begins with. Precondition: there is one.
std::size_t value_length(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return i;
        quoted = c == '"';
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    }
    return text.size();
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    return text.substr(0, text.find_last_not_of(blank) + 1);
}

/// Columns with their new values, as they stand in the body: a number does not become another one on its way through a
/// double. Strings are texts in PostgreSQL's form, but for documents, which take any value of JSON.
Changes changes_from(const Request& request, const Snapshot& snapshot, const Table& table) {
    boost::system::error_code error;
    json::parse_options deep;
    deep.max_depth = 1000;
    const json::value body = json::parse(request.body, error, {}, deep);
    if (error || !body.is_object())
        throw HttpError{400, "the body has to be a JSON object: columns with their new values"};
    Changes changes;
    std::string_view rest = trimmed(request.body).substr(1); // behind the brace
    while (rest.size() > 1 && trimmed(rest) != "}") {
        const std::size_t key_begin = rest.find('"');
        std::size_t key_end = key_begin + 1;
        while (rest[key_end] != '"')
            key_end += rest[key_end] == '\\' ? 2 : 1;
        const std::string name{json::parse(rest.substr(key_begin, key_end + 1 - key_begin)).get_string()};
        rest.remove_prefix(rest.find(':', key_end) + 1);
        const std::size_t length = value_length(rest);
        const std::string_view value = trimmed(rest.substr(0, length));
        rest.remove_prefix(std::min(length + 1, rest.size()));
        const corm::schema::Column* const column = table.shape->find_column(name);
        Cell text;
        if (value.starts_with('"') && (column == nullptr || !is_document(snapshot, *column)))
            text = std::string{json::parse(value).get_string()};
        else if (value != "null")
            text = std::string{value};
        changes.emplace_back(name, std::move(text));
    }
    return changes;
}

Response stale(const Row& row) {
    Response refused =
        examples::error_response({.status = 412, .message = "somebody else has changed this since; read it again"});
    refused.etag = entity_tag(row);
    return refused;
}

} // namespace

corm::Task<Response> Explorer::json_rows(const Request& request, const Known& known, const Table& table) {
    const Wanted wanted = wanted_from(request, table);
    corm::AsyncSession session{engine_, corm::SessionOptions{.autocommit = true}};
    const Listing listing = co_await read_rows(session, table, wanted);
    std::string body = "{\"limit\":" + std::to_string(wanted.limit) + ",\"offset\":" + std::to_string(wanted.offset) +
                       ",\"more\":" + (listing.more ? "true" : "false") + ",\"items\":[";
    for (const Row& row : listing.rows)
        body += (&row == listing.rows.data() ? "" : ",") + to_json(*known, table, row);
    Response response;
    response.body = std::move(body) + "]}";
    co_return response;
}

corm::Task<Response> Explorer::json_row(const Request& request, const Known& known, const Table& table) {
    corm::AsyncSession session{engine_, corm::SessionOptions{.autocommit = true}};
    const Row row = co_await row_for(session, request, table);
    co_return row_response(*known, table, row);
}

corm::Task<Response> Explorer::patch_row(const Request& request, const Known& known, const Table& table) {
    examples::require_if_match(request);
    const Changes changes = changes_from(request, *known, table);
    const corm::mapping::RecordKey key = key_from(request, table);
    const Outcome outcome = co_await change_row(engine_, table, key, request, changes);
    if (outcome.stale)
        co_return stale(outcome.row);
    co_return row_response(*known, table, outcome.row);
}

corm::Task<Response> Explorer::erase_row(const Request& request, const Table& table) {
    examples::require_if_match(request);
    const corm::mapping::RecordKey key = key_from(request, table);
    const Outcome outcome = co_await delete_row(engine_, table, key, request);
    if (outcome.stale)
        co_return stale(outcome.row);
    co_return Response{.status = 204, .body = {}};
}

Response Explorer::stats() const {
    const corm::PoolStats pool = engine_.stats();
    return json_response({{"schema_read", catalogue_.times_read()},
                          {"live_mappers", corm::mapping::live_mappers()},
                          {"cached_statements", pool.cached_statements},
                          {"round_trips", pool.round_trips},
                          {"leased", pool.leased}});
}

corm::Task<Response> Explorer::route_json(const Request& request, const Known& known) {
    const std::size_t parts = request.path.size();
    const std::string_view what = parts > 1 ? std::string_view{request.path[1]} : std::string_view{};
    const bool row = parts == 5 && request.path[4] == "row";
    if (what == "tables" && (parts == 4 || row)) {
        const Table* const table = known->find(request.path[2], request.path[3]);
        if (table == nullptr)
            throw UnknownName{404, "there is no table " + request.path[2] + '.' + request.path[3]};
        if (request.method == "GET" && row)
            co_return co_await json_row(request, known, *table);
        if (request.method == "GET")
            co_return co_await json_rows(request, known, *table);
        if (row && request.method == "PATCH")
            co_return co_await patch_row(request, known, *table);
        if (row && request.method == "DELETE")
            co_return co_await erase_row(request, *table);
        co_return not_allowed(row ? "GET, PATCH, DELETE" : "GET");
    }
    if (parts != 2 || (what != "tables" && what != "schema" && what != "diagram" && what != "stats"))
        throw HttpError{404, "there is no such resource"};
    if (request.method != "GET")
        co_return not_allowed("GET");
    if (what == "schema")
        co_return json_response(corm::schema::to_json(known->database()));
    if (what == "diagram") // Mermaid
        co_return Response{.body = corm::schema::to_mermaid(known->database()),
                           .content_type = "text/plain; charset=utf-8"};
    if (what == "stats")
        co_return stats();
    json::array tables;
    for (const Table& table : known->tables())
        tables.push_back(described(table));
    co_return json_response({{"tables", std::move(tables)}});
}

} // namespace explorer
