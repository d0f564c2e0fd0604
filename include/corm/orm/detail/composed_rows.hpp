// From the outcome of a query of any shape to its typed rows.
#pragma once

#include <corm/orm/detail/typed.hpp>
#include <corm/orm/stream.hpp>
#include <corm/query/change.hpp>
#include <corm/query/query.hpp>
#include <corm/query/subquery.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::orm::detail {

template <class T>
struct IsRef : std::false_type {};
template <class T>
struct IsRef<Ref<T>> : std::true_type {};

template <class Row>
struct HoldsRefs : IsRef<Row> {};
template <class... Items>
struct HoldsRefs<std::tuple<Items...>> : std::disjunction<IsRef<Items>...> {};

/// Reads rows in which objects stand beside values.
template <class Row>
class MixedReader;
template <class... Items>
class MixedReader<std::tuple<Items...>> {
public:
    explicit MixedReader(const Outcome& outcome) : outcome_(outcome) {}
    [[nodiscard]] int size() const { return outcome_.rows->row_count(); }
    [[nodiscard]] std::tuple<Items...> read(int row) const {
        int column = 0;
        std::size_t object = static_cast<std::size_t>(row) * objects;
        return std::tuple<Items...>{item<Items>(row, column, object)...}; // in braces: from left to right
    }

private:
    static constexpr std::size_t objects = (std::size_t{IsRef<Items>::value} + ...);

    template <class Item>
    Item item(int row, int& column, std::size_t& object) const {
        if constexpr (IsRef<Item>::value) {
            column += static_cast<int>(mapping::mapper_of<typename Item::element_type>()->columns().size());
            return Item{outcome_.instances[object++]};
        } else {
            Item value{};
            query::detail::read_cell(*outcome_.rows, row, column++, types::value_type<Item>, &value);
            return value;
        }
    }

    const Outcome& outcome_;
};
/// Rows that are one object each.
template <class T>
class MixedReader<Ref<T>> {
public:
    explicit MixedReader(const Outcome& outcome) : outcome_(outcome) {}
    [[nodiscard]] int size() const { return outcome_.rows->row_count(); }
    [[nodiscard]] Ref<T> read(int row) const { return Ref<T>{outcome_.instances[static_cast<std::size_t>(row)]}; }

private:
    const Outcome& outcome_;
};

template <class Row>
[[nodiscard]] auto reader_of(const Outcome& outcome) {
    if constexpr (HoldsRefs<Row>::value)
        return MixedReader<Row>{outcome};
    else
        return query::RowReader<Row>{*outcome.rows};
}

template <class Row>
[[nodiscard]] std::vector<Row> composed_rows(const Outcome& outcome) {
    const auto reader = reader_of<Row>(outcome);
    std::vector<Row> rows(static_cast<std::size_t>(reader.size())); // less to compile than one that grows
    for (int row = 0; row < reader.size(); ++row)
        rows[static_cast<std::size_t>(row)] = reader.read(row);
    return rows;
}

template <class Row>
struct Piped<query::Query<Row>> {
    static Query erase(query::Query<Row> query) {
        return std::make_shared<const query::ComposedQuery>(std::move(query).erased());
    }
    static std::vector<Row> result(const Outcome& outcome) { return composed_rows<Row>(outcome); }
};
template <class Row>
[[nodiscard]] Query erase(query::Query<Row> query) {
    return Piped<query::Query<Row>>::erase(std::move(query));
}

template <class Row>
Task<std::vector<Row>> composed_all(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    co_return composed_rows<Row>(outcome);
}
template <class Row>
Task<std::optional<Row>> composed_first(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    const auto reader = reader_of<Row>(outcome);
    co_return reader.size() == 0 ? std::optional<Row>{} : std::optional<Row>{reader.read(0)};
}
template <class Row>
Task<Row> composed_one(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    co_return reader_of<Row>(outcome).read(0);
}

template <class Row>
struct ComposedCalls {
    using Query = query::Query<Row>;

    [[nodiscard]] static Task<std::vector<Row>> all(Core core, Query query, std::source_location where) {
        return composed_all<Row>(run(std::move(core), erase(std::move(query)), Wanted::any, where));
    }
    [[nodiscard]] static Task<std::optional<Row>> first(Core core, Query query, std::source_location where) {
        const std::int64_t rows = query.erased().statement.limit == 0 ? 0 : 1;
        return composed_first<Row>(run(std::move(core), erase(std::move(query.limit(rows))), Wanted::any, where));
    }
    [[nodiscard]] static Task<Row> one(Core core, Query query, std::source_location where) {
        return composed_one<Row>(run(std::move(core), erase(std::move(query)), Wanted::exactly_one, where));
    }
    [[nodiscard]] static Task<std::optional<Row>> one_or_none(Core core, Query query, std::source_location where) {
        return composed_first<Row>(run(std::move(core), erase(std::move(query)), Wanted::at_most_one, where));
    }
    [[nodiscard]] static Stream<Row> stream(const Core& core, Query query, StreamOptions options,
                                            std::source_location where) {
        static_assert(!HoldsRefs<Row>::value,
                      "corm: a query is streamed into values; stream objects by select<T>(), or read rows with objects "
                      "in them by all()");
        return Stream<Row>{make_stream(core, erase(std::move(query)), options, where)};
    }
    [[nodiscard]] static Task<std::string> explain(Core core, Query query, ExplainOptions options,
                                                   std::source_location where) {
        return detail::explain(std::move(core), erase(std::move(query)), options, where);
    }
    [[nodiscard]] static Task<bool> exists(Core core, Query query, std::source_location where) {
        query::Query<bool> asked{query::detail::asked(std::move(query).erased())};
        Task<Outcome> operation = run(std::move(core), erase(std::move(asked)), Wanted::exactly_one, where);
        return composed_one<bool>(std::move(operation));
    }
    [[nodiscard]] static Task<std::int64_t> count(Core core, Query query, std::source_location where) {
        return composed_one<std::int64_t>(
            run(std::move(core), erase(query::count(std::move(query))), Wanted::exactly_one, where));
    }
};

template <class Row>
struct ReturningCalls {
    using Statement = query::Returning<Row>;

    [[nodiscard]] static Task<std::vector<Row>> all(Core core, Statement statement, std::source_location where) {
        return composed_all<Row>(start(std::move(core), std::move(statement), Wanted::any, where));
    }
    [[nodiscard]] static Task<Row> one(Core core, Statement statement, std::source_location where) {
        return composed_one<Row>(start(std::move(core), std::move(statement), Wanted::exactly_one, where));
    }
    [[nodiscard]] static Task<std::optional<Row>> one_or_none(Core core, Statement statement,
                                                              std::source_location where) {
        return composed_first<Row>(start(std::move(core), std::move(statement), Wanted::at_most_one, where));
    }

private:
    [[nodiscard]] static Task<Outcome> start(Core core, Statement statement, Wanted wanted,
                                             std::source_location where) {
        return change(std::move(core), std::make_shared<const Statement>(std::move(statement)), wanted, where);
    }
};

} // namespace corm::orm::detail
