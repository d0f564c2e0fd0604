// The only coroutine templates: each awaits one erased operation and types its result.
#pragma once

#include <corm/mapping/given.hpp>
#include <corm/orm/detail/erased.hpp>
#include <corm/orm/ref.hpp>
#include <corm/orm/savepoint.hpp>
#include <corm/query/rows.hpp>

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

namespace corm::orm {

/// Raw SQL in a pipeline whose rows are wanted as `T`.
template <class T>
struct TypedSql {
    query::RawStatement statement;
};

template <query::RowType T>
[[nodiscard]] TypedSql<T> rows_as(query::RawStatement statement) {
    return {std::move(statement)};
}

/// A part of the rows of a query, in their order.
template <class T>
struct Page {
    std::vector<Ref<T>> items{};
    std::string next{}; ///< what the next page is asked for with; empty: there is none
};

namespace detail {

/// Throws `corm::Error` for an empty handle.
template <class T>
const Handle& required(const Ref<T>& ref) {
    if (!ref)
        throw_empty_ref("an operation of a session");
    return ref.instance();
}

template <class T>
[[nodiscard]] Ref<T> make_ref(T value) {
    if constexpr (std::is_same_v<T, mapping::Record>) {
        std::shared_ptr<const mapping::Mapper> mapper = mapping::mapper_of_record(value);
        return Ref<T>{uow::Instance::create(std::move(mapper), &value)};
    } else {
        mapping::require_mapped<T>();
        return Ref<T>{uow::Instance::create(mapping::mapper_of<T>(), &value)};
    }
}
/// With columns that an insert writes all the same.
template <class T, mapping::GivenMarks Marks>
[[nodiscard]] Ref<T> make_ref(T value, const Marks& given) {
    Ref<T> ref = make_ref(std::move(value));
    ref.instance()->make_given() = mapping::given_bits<T>(ref.instance()->mapper(), given);
    return ref;
}

template <class T>
struct EntityOf {
    using type = T;
};
template <class T>
struct EntityOf<Ref<T>> {
    using type = T;
};

/// What is merged: an object of its own for a value, the object itself for a handle.
template <class T>
[[nodiscard]] Handle source_of(T value) {
    if constexpr (std::is_same_v<typename EntityOf<T>::type, T>)
        return make_ref(std::move(value)).instance();
    else
        return required(value);
}

/// The entity of a handle, or of a range of handles, and the objects.
template <class Objects>
struct LoadedFrom {
    using type = typename std::remove_cvref_t<decltype(*std::begin(std::declval<const Objects&>()))>::element_type;
    static std::vector<Handle> handles(const Objects& objects) {
        std::vector<Handle> found;
        for (const Ref<type>& object : objects)
            found.push_back(required(object));
        return found;
    }
};
template <class T>
struct LoadedFrom<Ref<T>> {
    using type = T;
    static std::vector<Handle> handles(const Ref<T>& object) { return {required(object)}; }
};

/// Those of the handles whose objects are of this type.
template <class T>
std::vector<Ref<T>> refs_of(std::vector<Handle> instances) {
    std::vector<Ref<T>> refs;
    for (Handle& instance : instances) {
        if (instance->mapper().type() == typeid(T))
            refs.emplace_back(std::move(instance));
    }
    return refs;
}

template <class T>
std::vector<Ref<T>> refs(Outcome outcome) {
    std::vector<Ref<T>> refs;
    refs.reserve(outcome.instances.size());
    for (Handle& instance : outcome.instances)
        refs.emplace_back(std::move(instance));
    return refs;
}

template <class T>
Task<Ref<T>> typed(Task<Handle> operation) {
    co_return Ref<T>{co_await std::move(operation)};
}

template <class T>
Task<std::vector<Ref<T>>> typed_all(Task<Outcome> operation) {
    co_return refs<T>(co_await std::move(operation));
}

template <class T>
Task<Page<T>> typed_page(Task<PageOutcome> operation) {
    PageOutcome outcome = co_await std::move(operation);
    Page<T> page;
    for (Handle& instance : outcome.instances)
        page.items.emplace_back(std::move(instance));
    page.next = std::move(outcome.next);
    co_return page;
}

template <class T>
Task<Ref<T>> typed_first(Task<Outcome> operation) {
    Outcome outcome = co_await std::move(operation);
    co_return outcome.instances.empty() ? Ref<T>{} : Ref<T>{std::move(outcome.instances.front())};
}

/// Raw SQL that knows what its rows are read into.
template <class T>
[[nodiscard]] query::RawStatement into(query::RawStatement sql) {
    sql.shape = &query::detail::shape_of<T>();
    return sql;
}

template <class T>
Task<std::vector<T>> rows_all(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    co_return query::RowReader<T>{*outcome.rows}.all();
}

template <class T>
Task<std::optional<T>> rows_first(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    const query::RowReader<T> reader{*outcome.rows};
    co_return reader.size() == 0 ? std::optional<T>{} : std::optional<T>{reader.read(0)};
}

template <class T>
Task<T> scalar_row(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    co_return query::RowReader<T>{*outcome.rows}.read(0);
}

// Compiled once: what is instantiated for a type of its own, everybody who includes this compiles.
[[nodiscard]] Task<std::int64_t> affected(Task<Outcome> operation);
/// The one number of the one row.
[[nodiscard]] std::int64_t counted(const Outcome& outcome);
[[nodiscard]] Task<std::int64_t> counted(Task<Outcome> operation);

/// What each kind of query becomes in a pipeline, and its outcome.
template <class Given>
struct Piped;
template <class T>
struct Piped<query::Select<T>> {
    static Query erase(query::Select<T> select) { return std::move(select).erased(); }
    static std::vector<Ref<T>> result(Outcome outcome) { return refs<T>(std::move(outcome)); }
};
template <>
struct Piped<query::Count> {
    static Query erase(query::Count count) { return std::move(count).erased(); }
    static std::int64_t result(const Outcome& outcome) { return counted(outcome); }
};
template <>
struct Piped<query::RawStatement> {
    static Query erase(query::RawStatement statement) { return statement; }
    static std::int64_t result(const Outcome& outcome) { return outcome.affected; }
};
template <class T>
struct Piped<TypedSql<T>> {
    static Query erase(TypedSql<T> sql) { return into<T>(std::move(sql.statement)); }
    static std::vector<T> result(const Outcome& outcome) { return query::RowReader<T>{*outcome.rows}.all(); }
};

template <class Given>
using ResultOf = decltype(Piped<Given>::result(Outcome{}));

template <class... Queries, std::size_t... I>
Task<std::tuple<ResultOf<Queries>...>> await_pipeline(Task<std::vector<Outcome>> operation, std::index_sequence<I...>) {
    std::vector<Outcome> outcomes = co_await std::move(operation);
    co_return std::tuple<ResultOf<Queries>...>{Piped<Queries>::result(std::move(outcomes[I]))...};
}

template <class... Queries>
Task<std::tuple<ResultOf<Queries>...>> typed_pipeline(Core core, std::tuple<Queries...> queries,
                                                      std::source_location where) {
    auto erased = std::apply(
        [](Queries&... query) {
            return std::array<Query, sizeof...(Queries)>{Piped<Queries>::erase(std::move(query))...};
        },
        queries);
    return await_pipeline<Queries...>(pipeline(std::move(core), erased, where), std::index_sequence_for<Queries...>{});
}

template <class Awaitable>
struct AwaitedType;
template <class Result>
struct AwaitedType<Task<Result>> {
    using type = Result;
};

/// The handle lives as long as the coroutine of the hook.
template <class Function, class T>
Task<void> call_hook(Function& hook, Ref<T> ref) {
    if constexpr (std::is_void_v<std::invoke_result_t<Function&, Ref<T>>>)
        hook(std::move(ref));
    else
        co_await hook(std::move(ref));
    co_return;
}

// Nothing is cleaned up here: the handle is dropped when the function throws, and that is enough.
template <class Result, class Function>
Task<Result> nested(Core core, Function fn, std::source_location where) {
    const Savepoint savepoint = co_await begin_nested(std::move(core), {}, where);
    if constexpr (std::is_void_v<Result>) {
        co_await fn();
        co_await savepoint.release({}, where);
    } else {
        Result result = co_await fn();
        co_await savepoint.release({}, where);
        co_return result;
    }
}

} // namespace detail
} // namespace corm::orm
