#include <corm/query/page.hpp>

#include "sql/node.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/value_block.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

#include <algorithm>
#include <array>

namespace corm::query {
namespace {

using Term = PagedQuery::Term;

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// RFC 4648, section 5, without padding.
std::string to_base64(std::string_view bytes) {
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : bytes) {
        held = held << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6)
            out += digits[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        out += digits[held << (6 - bits) & 63];
    return out;
}

[[noreturn]] void refuse_token() {
    throw ConversionError("a page token is none of this query: it was made for another order, or changed on the way; "
                          "begin with the first page");
}

std::string from_base64(std::string_view text) {
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (digit == std::string_view::npos)
            refuse_token();
        held = held << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(held >> bits & 0xff);
        }
    }
    return out;
}

std::size_t column_of(const SelectQuery& query, const sql::Expr& expression) {
    const auto* column = std::get_if<sql::nodes::Column>(&expression.node().value);
    const auto all = query.mapper->columns();
    for (std::size_t i = 0; column != nullptr && i < all.size(); ++i) {
        if (column->table == query.mapper->table() && column->schema == query.mapper->schema() &&
            all[i].name == column->name)
            return i;
    }
    throw MappingError("page() of " + query.mapper->entity() +
                       " is ordered by something else than a column of it, whose value the next page could begin "
                       "behind; order by columns");
}

/// What the order is, so that a token of another one is told from it.
std::uint32_t fingerprint(const PagedQuery& paged) {
    std::uint32_t hash = 2'166'136'261u; // FNV-1a
    const auto mix = [&](std::string_view text) {
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619u;
        hash = (hash ^ 0xffu) * 16'777'619u;
    };
    mix(paged.query.mapper->table());
    for (const Term& term : paged.terms) {
        mix(paged.query.mapper->column(term.column).name);
        mix(term.descending ? "d" : "a");
        mix(term.nulls_first ? "f" : "l");
    }
    return hash;
}

/// Reads the values of a token; never beyond its end.
class TokenReader {
public:
    explicit TokenReader(std::string_view bytes) : bytes_(bytes) {}

    std::uint32_t number() {
        const std::string_view found = take(4);
        std::uint32_t value = 0;
        for (const char c : found)
            value = value << 8 | static_cast<unsigned char>(c);
        return value;
    }
    std::string_view take(std::size_t count) {
        if (bytes_.size() < count)
            refuse_token();
        const std::string_view found = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return found;
    }
    [[nodiscard]] bool at_end() const { return bytes_.empty(); }

private:
    std::string_view bytes_;
};

constexpr std::uint32_t null_size = 0xffff'ffff;

mapping::ValueBlock values_of(const PagedQuery& paged, const std::string& token) {
    const mapping::Mapper& mapper = *paged.query.mapper;
    mapping::ValueBlock values{mapper};
    const std::string bytes = from_base64(token);
    TokenReader reader{bytes};
    if (reader.number() != fingerprint(paged))
        refuse_token();
    for (const Term& term : paged.terms) {
        const mapping::Column& column = mapper.column(term.column);
        const std::uint32_t size = reader.number();
        const types::Oid oid = column.type->oid != 0 ? column.type->oid : types::oids::unknown;
        types::FieldView field{nullptr, 0, oid, column.type->format};
        if (size != null_size) {
            const std::string_view value = reader.take(size);
            field.data = value.data();
            field.size = static_cast<std::int32_t>(value.size());
        }
        try {
            column.type->decode(field, values.at(column));
        } catch (const ConversionError&) {
            refuse_token();
        }
    }
    if (!reader.at_end())
        refuse_token();
    return values;
}

/// Behind the values, by the first term in which a row differs from them.
class Behind {
public:
    Behind(const PagedQuery& paged, const mapping::ValueBlock& values)
        : terms_(paged.terms), mapper_(*paged.query.mapper), values_(values) {}

    sql::Expr condition() const { return is_plain() ? as_rows() : as_alternatives(); }

private:
    [[nodiscard]] const mapping::Column& column(const Term& term) const { return mapper_.column(term.column); }
    [[nodiscard]] detail::Place place(const Term& term) const { return {&mapper_, term.column}; }
    [[nodiscard]] sql::Expr value(const Term& term) const {
        return detail::value_for(place(term), *column(term).type, values_.at(column(term)));
    }
    [[nodiscard]] bool is_null(const Term& term) const { return column(term).type->is_null(values_.at(column(term))); }

    /// All one way and without NULLs: a comparison of rows, which an index serves from end to end.
    [[nodiscard]] bool is_plain() const {
        return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
            return term.descending == terms_.front().descending && !column(term).type->nullable;
        });
    }
    [[nodiscard]] sql::Expr as_rows() const {
        std::vector<std::string> pieces;
        std::vector<sql::Expr> arguments;
        for (const Term& term : terms_) {
            pieces.emplace_back(pieces.empty() ? "((" : ", ");
            arguments.push_back(detail::column_expression(place(term)));
        }
        const std::size_t half = pieces.size();
        for (const Term& term : terms_) {
            pieces.emplace_back(pieces.size() > half ? ", " : terms_.front().descending ? ") < (" : ") > (");
            arguments.push_back(value(term));
        }
        pieces.emplace_back("))");
        return sql::form(std::move(pieces), std::move(arguments));
    }

    [[nodiscard]] sql::Expr equal(const Term& term) const {
        return detail::compare(place(term), sql::BinaryOperator::equal, *column(term).type, values_.at(column(term)))
            .expression();
    }
    /// Empty: nothing is behind the value.
    [[nodiscard]] sql::Expr beyond(const Term& term) const {
        if (is_null(term))
            return term.nulls_first ? detail::null_test(place(term), false).expression() : sql::Expr{};
        const auto op = term.descending ? sql::BinaryOperator::less : sql::BinaryOperator::greater;
        sql::Expr further = sql::binary(op, detail::column_expression(place(term)), value(term));
        if (term.nulls_first || !column(term).type->nullable)
            return further;
        return sql::either(std::move(further), detail::null_test(place(term), true).expression());
    }
    [[nodiscard]] sql::Expr as_alternatives() const {
        sql::Expr any;
        sql::Expr before;
        for (const Term& term : terms_) {
            if (sql::Expr here = beyond(term))
                any = sql::either(std::move(any), sql::both(before, std::move(here)));
            before = sql::both(std::move(before), equal(term));
        }
        return any ? any : sql::form({"false"}, {});
    }

    const std::vector<Term>& terms_;
    const mapping::Mapper& mapper_;
    const mapping::ValueBlock& values_;
};

} // namespace

PagedQuery paged(SelectQuery query, const PageOptions& options) {
    if (options.size < 1)
        throw MappingError("a page of " + std::to_string(options.size) + " rows; give a size of 1 or more");
    if (query.statement.limit || query.statement.offset)
        throw MappingError("page() says itself how many rows are wanted and where they begin; leave limit() and "
                           "offset() out of the query");
    PagedQuery paged{.query = std::move(query), .size = options.size};
    std::vector<sql::OrderBy>& order = paged.query.statement.order_by;
    for (const sql::OrderBy& term : order)
        paged.terms.push_back(
            {column_of(paged.query, term.expression), term.descending,
             term.nulls == sql::Nulls::by_direction ? term.descending : term.nulls == sql::Nulls::first});
    // Without it rows of equal values have no order, and pages would overlap or leave some out.
    const bool descending = !order.empty() && order.back().descending;
    for (const std::uint16_t key : paged.query.mapper->key_columns()) {
        const bool named =
            std::any_of(paged.terms.begin(), paged.terms.end(), [&](const Term& term) { return term.column == key; });
        if (named)
            continue;
        order.push_back({detail::column_expression({paged.query.mapper.get(), key}), descending});
        paged.terms.push_back({key, descending, descending});
    }
    if (!options.after.empty()) {
        const mapping::ValueBlock values = values_of(paged, options.after);
        detail::add_condition(paged.query, Condition{Behind{paged, values}.condition()});
    }
    paged.query.keeps_rows = true;
    // One more, to know whether there is another page.
    detail::set_limit(paged.query, options.size + 1);
    return paged;
}

std::string page_token(const PagedQuery& paged, const types::Rows& rows, int row) {
    const mapping::Mapper& mapper = *paged.query.mapper;
    mapping::ValueBlock values{mapper};
    std::string bytes;
    types::put_big_endian(bytes, static_cast<std::int32_t>(fingerprint(paged)));
    for (const Term& term : paged.terms) {
        const mapping::Column& column = mapper.column(term.column);
        column.type->decode(rows.field(row, static_cast<int>(term.column)), values.at(column));
        if (column.type->is_null(values.at(column))) {
            types::put_big_endian(bytes, static_cast<std::int32_t>(null_size));
            continue;
        }
        std::string value;
        column.type->encode(values.at(column), value);
        types::put_big_endian(bytes, static_cast<std::int32_t>(value.size()));
        bytes += value;
    }
    return to_base64(bytes);
}

} // namespace corm::query
