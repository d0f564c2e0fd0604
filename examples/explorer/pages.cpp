#include "pages.hpp"

#include <algorithm>
#include <array>

namespace explorer {
namespace {

namespace schema = corm::schema;

std::string kind_of(const schema::Table& table) {
    switch (table.kind) {
    case schema::TableKind::table: return table.is_partition() ? "partition" : "table";
    case schema::TableKind::partitioned_table: return "partitioned table";
    case schema::TableKind::view: return "view";
    case schema::TableKind::materialized_view: return "materialized view";
    case schema::TableKind::foreign_table: return "foreign table";
    }
    return {};
}

std::string title_of(const Table& table) {
    return table.shape->schema + '.' + table.shape->name;
}

std::string note(std::string_view text) {
    return "<p class=\"note\">" + escape(text) + "</p>";
}

/// The beginning of a long value; the whole is on the page of the row.
std::string short_text(const std::string& text) {
    constexpr std::size_t most = 160;
    if (text.size() <= most)
        return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end; // not inside of a character
    return text.substr(0, end) + "…";
}

std::string shown(const Cell& value) {
    return value ? escape(short_text(*value)) : "<span class=\"null\">NULL</span>";
}

bool is_number(const Snapshot& snapshot, const schema::Column& column) {
    const schema::TypeUse& type = snapshot.database().base_type(column.type);
    return !type.array &&
           (type.name.name.starts_with("int") || type.name.name.starts_with("float") || type.name.name == "numeric") &&
           type.name.schema == "pg_catalog" && type.name.name != "interval";
}

/// Where the value of a column leads: along a foreign key of this column alone.
std::string target_of(const Snapshot& snapshot, const Table& table, const Row& row, const std::string& column) {
    for (const schema::Relation& relation : table.relations) {
        const bool refers =
            relation.kind == schema::RelationKind::many_to_one || relation.kind == schema::RelationKind::one_to_one;
        if (!refers || relation.columns != std::vector{column})
            continue;
        const Table* const target = snapshot.find(relation.target);
        const auto wanted = matching(table, row, relation.columns, relation.target_columns);
        if (target != nullptr && wanted)
            return table_path(*target) + query_of(*wanted);
    }
    return {};
}

/// The table of rows. `wanted` gives the headings links that sort; null for none.
std::string rows_table(const Snapshot& snapshot, const Table& table, const Listing& listing, const Wanted* wanted) {
    std::string html = "<table class=\"rows\"><thead><tr>";
    const bool leads = table.mapper != nullptr;
    if (leads)
        html += "<th></th>";
    for (const schema::Column& column : table.shape->columns) {
        html += "<th>";
        if (wanted != nullptr) {
            Wanted sorted = *wanted;
            sorted.descending = sorted.order == column.name && !sorted.descending;
            sorted.order = column.name;
            sorted.offset = 0;
            html += link(table_path(table) + query_of(sorted), column.name);
            if (wanted->order == column.name)
                html += wanted->descending ? " &darr;" : " &uarr;";
        } else {
            html += escape(column.name);
        }
        html += "<br><span class=\"type\">" + escape(column.type.text) + "</span></th>";
    }
    html += "</tr></thead><tbody>";
    for (const Row& row : listing.rows) {
        html += "<tr>";
        if (leads)
            html += "<td>" + link(row_path(table, row), "open") + "</td>";
        for (std::size_t i = 0; i < row.size(); ++i) {
            const schema::Column& column = table.shape->columns[i];
            const std::string target = target_of(snapshot, table, row, column.name);
            html += is_number(snapshot, column) ? "<td class=\"number\">" : "<td>";
            html += target.empty() ? shown(row[i]) : link(target, short_text(*row[i]));
            html += "</td>";
        }
        html += "</tr>";
    }
    return html + "</tbody></table>";
}

struct OperatorSign {
    Operator op;
    const char* sign;
};
constexpr std::array<OperatorSign, 9> operator_signs{{{Operator::eq, "="},
                                                      {Operator::ne, "is not"},
                                                      {Operator::lt, "<"},
                                                      {Operator::le, "≤"},
                                                      {Operator::gt, ">"},
                                                      {Operator::ge, "≥"},
                                                      {Operator::has, "has the text"},
                                                      {Operator::null, "is NULL"},
                                                      {Operator::set, "is not NULL"}}};

std::string text_of(const Filter& filter) {
    const auto sign = std::ranges::find(operator_signs, filter.op, &OperatorSign::op);
    return filter.column + ' ' + sign->sign + ' ' + filter.value;
}

/// Room for a text in a form.
std::size_t lines_of(const std::string& text) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + text.size() / 60 + 1;
    return std::min<std::size_t>(lines, 12);
}

std::string hidden(std::string_view name, std::string_view value) {
    return "<input type=\"hidden\" name=\"" + escape(name) + "\" value=\"" + escape(value) + "\">";
}

/// The filters that are set, each with a link that takes it away, and a form for one more.
std::string filters(const Table& table, const Wanted& wanted) {
    std::string html = "<p>";
    for (std::size_t i = 0; i < wanted.filters.size(); ++i) {
        const Filter& filter = wanted.filters[i];
        Wanted without = wanted;
        without.filters.erase(without.filters.begin() + static_cast<std::ptrdiff_t>(i));
        without.offset = 0;
        html += "<span class=\"chip\">" + escape(text_of(filter)) + ' ' +
                link(table_path(table) + query_of(without), "×") + "</span>";
    }
    html += "</p><form class=\"filter\" method=\"get\" action=\"" + escape(table_path(table)) +
            "\"><select name=\"column\">";
    for (const schema::Column& column : table.shape->columns)
        html += "<option value=\"" + escape(column.name) + "\">" + escape(column.name) + "</option>";
    html += "</select> <select name=\"op\">";
    for (const OperatorSign& each : operator_signs)
        html += "<option value=\"" + std::string{to_string(each.op)} + "\">" + escape(each.sign) + "</option>";
    html += "</select> <input name=\"value\">";
    for (const Filter& filter : wanted.filters)
        html += hidden("f." + std::string{to_string(filter.op)} + '.' + filter.column, filter.value);
    if (!wanted.order.empty())
        html += hidden(wanted.descending ? "desc" : "order", wanted.order);
    if (wanted.limit != Wanted{}.limit)
        html += hidden("limit", std::to_string(wanted.limit));
    return html + " <button>Filter</button></form>";
}

std::string pages_of(const Table& table, const Wanted& wanted, const Listing& listing) {
    const auto first = wanted.offset + 1;
    const auto last = wanted.offset + static_cast<std::int64_t>(listing.rows.size());
    std::string html = "<p class=\"pages\">";
    html += listing.rows.empty() ? "no rows" : "rows " + std::to_string(first) + " to " + std::to_string(last);
    const auto at = [&](std::int64_t offset) {
        Wanted there = wanted;
        there.offset = std::max<std::int64_t>(offset, 0);
        return table_path(table) + query_of(there);
    };
    if (wanted.offset > 0)
        html += " &middot; " + link(at(wanted.offset - wanted.limit), "previous");
    if (listing.more)
        html += " &middot; " + link(at(wanted.offset + wanted.limit), "next");
    return html + "</p>";
}

/// The fields of a form for what may be changed. `values`: what stands in them; `row`: what is there.
std::string inputs(const Table& table, const Row& values, const Row& row) {
    std::string html = "<table class=\"form\">";
    for (std::size_t i = 0; i < values.size(); ++i) {
        const schema::Column& column = table.shape->columns[i];
        html += "<tr><th>" + escape(column.name) + "<br><span class=\"type\">" + escape(column.type.text) +
                "</span></th><td>";
        if (!is_editable(table, column.name)) {
            html += values[i] ? escape(*values[i]) : shown(values[i]);
        } else {
            // The parser of HTML drops a line break that comes first.
            html += hidden("s." + column.name, mark_of(row[i]));
            html += "<textarea rows=\"" + std::to_string(lines_of(values[i].value_or(""))) + "\" name=\"v." +
                    escape(column.name) + "\">\n" + escape(values[i].value_or("")) + "</textarea>";
            if (!column.not_null)
                html += " <label><input type=\"checkbox\" name=\"n." + escape(column.name) + '"' +
                        (values[i] ? "" : " checked") + "> NULL</label>";
        }
        html += column.comment.empty() ? "</td></tr>" : note(column.comment) + "</td></tr>";
    }
    return html + "</table>";
}

std::string form(const Table& table, const Row& values, const Row& row, std::string_view button) {
    return "<form class=\"edit\" method=\"post\" action=\"" + escape(row_path(table, row)) + "\">" +
           hidden("tag", entity_tag(row)) + inputs(table, values, row) + "<button name=\"do\" value=\"save\">" +
           escape(button) + "</button></form>";
}

Crumb crumb_of(const Table& table, bool here) {
    return {title_of(table), here ? std::string{} : table_path(table)};
}

std::string relation_section(const Snapshot& snapshot, const Related& related) {
    std::string html = "<h3>" + escape(related.relation->name) + "</h3>";
    if (!related.problem.empty())
        html += "<p class=\"problem\">" + escape(related.problem) + "</p>";
    else if (related.listing.rows.empty())
        html += note("none");
    else
        html += rows_table(snapshot, *related.table, related.listing, nullptr);
    if (related.all_of != nullptr && related.listing.more)
        html += "<p>" + link(table_path(*related.all_of) + query_of(related.all), "all of them") + "</p>";
    return html;
}

} // namespace

std::string table_path(const Table& table) {
    return "/tables/" + examples::encode(table.shape->schema) + '/' + examples::encode(table.shape->name);
}

std::string row_path(const Table& table, const Row& row) {
    return table_path(table) + "/row" + key_query(table, row);
}

examples::Response tables_page(const Snapshot& snapshot) {
    std::string html = "<table class=\"tables\"><tr><th>Table</th><th>Kind</th><th>Columns</th><th>Comment</th></tr>";
    for (const Table& table : snapshot.tables()) {
        html += "<tr><td>" + link(table_path(table), title_of(table)) + "</td><td>" + kind_of(*table.shape) +
                "</td><td class=\"number\">" + std::to_string(table.shape->columns.size()) + "</td><td>" +
                escape(table.shape->comment) + "</td></tr>";
    }
    html += "</table>";
    if (snapshot.tables().empty())
        html += note("There are no tables yet.");
    return page(200, {{"Tables", ""}}, html);
}

examples::Response rows_page(const Snapshot& snapshot, const Table& table, const Wanted& wanted,
                             const Listing& listing) {
    std::string html = "<h2>" + escape(title_of(table)) + "</h2>";
    if (!table.shape->comment.empty())
        html += note(table.shape->comment);
    if (table.mapper == nullptr)
        html += note("Rows can be looked at only: " + table.why);
    html += filters(table, wanted) + pages_of(table, wanted, listing) + rows_table(snapshot, table, listing, &wanted) +
            pages_of(table, wanted, listing);
    return page(200, {{"Tables", "/"}, crumb_of(table, true)}, html);
}

examples::Response row_page(const Snapshot& snapshot, const Table& table, const Row& row,
                            const std::vector<Related>& related, bool edited) {
    std::string html = "<h2>" + escape(title_of(table)) + "</h2>";
    if (!edited) {
        html += "<table class=\"form\">";
        for (std::size_t i = 0; i < row.size(); ++i)
            html += "<tr><th>" + escape(table.shape->columns[i].name) + "</th><td>" +
                    (row[i] ? escape(*row[i]) : shown(row[i])) + "</td></tr>";
        html += "</table>";
    } else {
        html += form(table, row, row, "Save") + "<form class=\"delete\" method=\"post\" action=\"" +
                escape(row_path(table, row)) + "\">" + hidden("tag", entity_tag(row)) +
                "<button class=\"danger\" name=\"do\" value=\"delete\">Delete this row</button></form>";
    }
    for (const Related& each : related)
        html += relation_section(snapshot, each);
    return page(200, {{"Tables", "/"}, crumb_of(table, false), {"row", ""}}, html);
}

examples::Response conflict_page(const Table& table, const Row& row, const Changes& entered) {
    Row values = row;
    std::string compared = "<table class=\"conflict\"><tr><th>Column</th><th>You entered</th><th>It is now</th></tr>";
    for (const auto& [column, value] : entered) {
        const Cell& now = cell(table, row, column);
        if (value == now)
            continue;
        compared += "<tr class=\"changed\"><th>" + escape(column) + "</th><td>" + shown(value) + "</td><td>" +
                    shown(now) + "</td></tr>";
        values[static_cast<std::size_t>(&now - row.data())] = value;
    }
    const std::string html =
        "<p class=\"problem\">Somebody else has changed this row since you opened it. Nothing of yours was saved.</p>" +
        compared + "</table><p>" + link(row_path(table, row), "Take the row as it is now") +
        "</p><h3>Or save what you entered</h3>" + form(table, values, row, "Save over it");
    return page(409, {{"Tables", "/"}, crumb_of(table, false), {"conflict", ""}}, html);
}

examples::Response problem_page(const examples::Problem& problem) {
    examples::Response response = page(problem.status, {{"Tables", "/"}, {"problem", ""}},
                                       "<p class=\"problem\">" + escape(problem.message) + "</p>");
    response.retry_after = problem.retry_after;
    return response;
}

} // namespace explorer
