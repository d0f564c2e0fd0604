// Raw SQL with bound parameters.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/query/named_argument.hpp>
#include <corm/query/operand.hpp>
#include <corm/query/placeholders.hpp>
#include <corm/type/parameters.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corm::query {

/// SQL text that was written in the program: it can be made of a string literal only. Text that is put together at run
/// time has to go through `unsafe_sql`, which says so.
class LiteralSql {
public:
    template <std::size_t N>
    consteval LiteralSql(const char (&text)[N]) : text_(text, N - 1) { // NOLINT: a literal is SQL
        if (N == 1 || text_.find('\0') != std::string_view::npos)
            throw "corm: the SQL text is empty or holds a NUL";
    }

    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

private:
    std::string_view text_;
};

namespace detail {

class RowShape;

} // namespace detail

/// The text of a statement with these arguments: its placeholders are held against them when the program is compiled.
/// Texts of more than 8 KiB, which compilers refuse to walk through, and those that come as a `LiteralSql` are not.
template <class... Arguments>
class SqlFor {
public:
    template <std::size_t N>
    consteval SqlFor(const char (&text)[N]) : text_(text) { // NOLINT: a literal is SQL
        if constexpr (N <= 8192)
            check();
    }
    constexpr SqlFor(LiteralSql text) noexcept : text_(text) {} // NOLINT: it is one

    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_.text(); }

private:
    consteval void check() const {
        constexpr auto& names = detail::argument_names<Arguments...>;
        constexpr bool named = detail::are_named<Arguments...>;
        bool used[sizeof...(Arguments) + 1]{};
        std::size_t highest = 0;
        detail::PlaceholderScanner scanner{text_.text()};
        for (detail::Placeholder found; scanner.next(found);) {
            if (found.is_named() != named) {
                if (named)
                    throw "corm: the text has $1 where all arguments are corm::arg<>(); write their :names";
                continue; // a slice with spaces, or what the server has to say of it
            }
            highest = found.number > highest ? found.number : highest;
            if (!named)
                continue;
            if (detail::index_of(names, found.name) == names.size())
                throw "corm: a :name of the SQL text is not among the arguments; add corm::arg<\"name\">(value)";
            used[detail::index_of(names, found.name)] = true;
        }
        for (std::size_t i = 0; named && i < sizeof...(Arguments); ++i) {
            if (!used[i])
                throw "corm: the SQL text does not have the :name of one of the arguments; leave the argument out";
        }
        if (!named && highest != sizeof...(Arguments))
            throw "corm: the highest $ of the SQL text is not the number of arguments; give one argument for each";
    }

    LiteralSql text_;
};

/// One statement with its parameters. A value; what it was made of need not live on.
struct RawStatement {
    std::shared_ptr<const std::string> text;
    types::Parameters parameters{};
    std::optional<Duration> within_deadline{};
    /// The server refuses it inside a transaction block: it goes alone, on a connection without one.
    bool alone = false;
    bool prepared = true;
    /// See `pure`.
    bool only_reads = false;
    /// See `at_most`.
    std::optional<std::size_t> max_rows{};
    std::optional<std::size_t> max_bytes{};
    /// What its rows are read into. Set by the operations of a session.
    const detail::RowShape* shape = nullptr;

    /// Parsed each time, and not kept prepared: for texts that will hardly come again, so that they do not push others
    /// out of the cache of a connection.
    RawStatement& unprepared() & {
        prepared = false;
        return *this;
    }
    [[nodiscard]] RawStatement unprepared() && { return std::move(unprepared()); }

    /// Marks statements such as VACUUM and CREATE DATABASE, which cannot run in a transaction.
    RawStatement& outside_transaction() & {
        alone = true;
        return *this;
    }
    [[nodiscard]] RawStatement outside_transaction() && { return std::move(outside_transaction()); }

    /// Promises that it only reads, functions that it calls included, and leaves nothing behind in the server's
    /// session: a reader sends it together with reads of other sessions, over a connection on which the server refuses
    /// to write. For SELECT, WITH, VALUES, TABLE and SHOW.
    RawStatement& pure() & {
        only_reads = true;
        return *this;
    }
    [[nodiscard]] RawStatement pure() && { return std::move(pure()); }

    /// A result of more rows is `ResultTooLarge`, whatever the session allows; 0: any number. See
    /// `SessionOptions::max_rows`.
    RawStatement& at_most(std::size_t rows) & {
        max_rows = rows;
        return *this;
    }
    [[nodiscard]] RawStatement at_most(std::size_t rows) && { return std::move(at_most(rows)); }
    /// The same for the bytes of memory that the result takes.
    RawStatement& at_most_bytes(std::size_t bytes) & {
        max_bytes = bytes;
        return *this;
    }
    [[nodiscard]] RawStatement at_most_bytes(std::size_t bytes) && { return std::move(at_most_bytes(bytes)); }

    /// The deadline of this statement, instead of the session's; `corm::no_deadline` for none.
    RawStatement& within(Duration deadline) & {
        within_deadline = deadline;
        return *this;
    }
    [[nodiscard]] RawStatement within(Duration deadline) && { return std::move(within(deadline)); }
};

namespace detail {

/// Throws `MappingError` for text that is empty or holds a NUL.
[[nodiscard]] RawStatement raw_statement(std::string text);
/// Encodes the next parameter; throws `ConversionError` naming its number.
void bind_next(RawStatement& statement, const types::ValueType& type, const void* value);
/// A NULL whose type the server infers.
void bind_null(RawStatement& statement);
/// `$1` for each place of the first name, and so on. Throws `MappingError` for what the compiler does not see: a name
/// that is not there, one that the text does not use, a number.
[[nodiscard]] std::string number_placeholders(std::string_view sql, std::span<const std::string_view> names);

template <class Given>
void bind(RawStatement& statement, const Given& given) {
    using Natural = natural_t<Given>;
    if constexpr (is_nullopt<Given>) {
        bind_null(statement);
    } else if constexpr (types::ColumnValue<Given>) {
        bind_next(statement, types::value_type<Given>, &given);
    } else {
        static_assert(!std::is_void_v<Natural>,
                      "corm: an argument of this SQL statement has a type that corm cannot send; convert it to a type "
                      "with a codec, such as std::int64_t or std::string");
        if constexpr (!std::is_void_v<Natural>) {
            const Operand<Natural, Given> operand{given};
            bind_next(statement, operand.type(), operand.address());
        }
    }
}
template <NameText name, class Value>
void bind(RawStatement& statement, const NamedArgument<name, Value>& argument) {
    bind(statement, argument.value);
}

template <class... Arguments>
[[nodiscard]] RawStatement bound(std::string text, const Arguments&... arguments) {
    constexpr bool named = are_named<Arguments...>;
    static_assert(named || (name_of<Arguments>.empty() && ...),
                  "corm: some arguments of this SQL statement are named and some are not; use corm::arg<>() for "
                  "all, or for none");
    static_assert(
        names_differ<Arguments...>(),
        "corm: two arguments of this SQL statement have one name; give it once, and use the :name as often as "
        "needed");
    if constexpr (named)
        text = number_placeholders(text, argument_names<Arguments...>);
    RawStatement statement = raw_statement(std::move(text));
    (bind(statement, arguments), ...);
    return statement;
}

} // namespace detail

/// A statement written in the program, with `$1`, `$2`, ... for the arguments, which are bound and never in the text:
///
/// ```cpp
/// auto old = co_await session.all<Name>(corm::raw_sql("SELECT name FROM users WHERE age > $1", 99));
/// ```
///
/// or with `:name` for arguments with names, each as often as it is needed:
///
/// ```cpp
/// corm::raw_sql("SELECT name FROM users WHERE age > :age OR old_age > :age", corm::arg<"age">(99));
/// ```
///
/// That the text has a placeholder for each argument, and none besides, is checked when the program is compiled.
/// Arguments are copied. `std::nullopt` is a NULL of any type. Throws `ConversionError` for a value that the server
/// could not take.
template <class... Arguments>
[[nodiscard]] RawStatement raw_sql(SqlFor<std::type_identity_t<Arguments>...> sql, const Arguments&... arguments) {
    return detail::bound(std::string{sql.text()}, arguments...);
}

/// The same with text made at run time. Nothing in it is escaped: never put into it what a user typed; bind that as an
/// argument, and quote names by `corm::sql::quote_identifier`. Each text is a statement of its own in the cache of
/// prepared statements. Throws `MappingError` where named arguments do not fit the text.
template <class... Arguments>
[[nodiscard]] RawStatement unsafe_sql(std::string sql, const Arguments&... arguments) {
    return detail::bound(std::move(sql), arguments...);
}

} // namespace corm::query
