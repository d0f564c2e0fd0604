// A database with the rows of TPC-H in it, and how results are told apart.
#pragma once

#include "generator.hpp"
#include "queries.hpp"
#include "typed.hpp"

#include "support/coroutine.hpp"
#include "support/server.hpp"

#include <corm/corm.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace corm::tpch {

/// The tables at scale 0.01, with statistics. Made by the first call and dropped with the program; tests only read
/// from it.
class Warehouse {
public:
    static Warehouse& instance();

    /// Runs a coroutine to its end, and rethrows what it throws.
    template <class Coroutine>
    void run(Coroutine coroutine) {
        test::run_coroutine(context_, std::move(coroutine));
    }
    /// What the SQL of a query returns.
    template <int Number>
    std::vector<typename Query<Number>::Row> by_sql() {
        std::vector<typename Query<Number>::Row> rows;
        run([&]() -> corm::Task<> {
            corm::AsyncSession session{engine_};
            rows = co_await session.template all<typename Query<Number>::Row>(corm::raw_sql(Query<Number>::sql));
        });
        return rows;
    }
    /// What the same in the query language returns.
    template <int Number>
    std::vector<typename Query<Number>::Row> by_query() {
        std::vector<typename Query<Number>::Row> rows;
        run([&]() -> corm::Task<> {
            corm::AsyncSession session{engine_};
            rows = co_await session.all(typed<Number>());
        });
        return rows;
    }

    [[nodiscard]] corm::Engine& engine() noexcept { return engine_; }
    /// What was written to the tables.
    [[nodiscard]] const Rows& rows() const noexcept { return rows_; }
    /// The first value of a statement, as text.
    [[nodiscard]] std::string ask(const std::string& sql) const { return database_.query(sql); }

private:
    Warehouse();

    test::Database database_;
    boost::asio::io_context context_;
    corm::Engine engine_;
    Rows rows_;
};

namespace detail {

template <class Value>
std::string text_of(const Value& value) {
    std::string text;
    if (types::value_type<Value>.is_null(&value))
        return "null";
    types::value_type<Value>.literal(&value, text);
    return text;
}

} // namespace detail

/// Rows as text, all digits of the numbers included: what is compared, since Catch2 shows it.
template <class Value>
std::vector<std::string> lines(const std::vector<Value>& rows) {
    std::vector<std::string> texts;
    for (const Value& value : rows)
        texts.push_back(detail::text_of(value));
    return texts;
}
template <class... Values>
std::vector<std::string> lines(const std::vector<std::tuple<Values...>>& rows) {
    std::vector<std::string> texts;
    for (const std::tuple<Values...>& row : rows) {
        std::string& line = texts.emplace_back();
        const auto add = [&](const std::string& text) { line.append(line.empty() ? "" : " | ").append(text); };
        std::apply([&](const Values&... values) { (add(detail::text_of(values)), ...); }, row);
    }
    return texts;
}

} // namespace corm::tpch
