// Values of one type on their way to a real server and back: by binary scalars and arrays, and by their literals.
#pragma once

#include "support/server.hpp"

#include <corm/type/parameters.hpp>
#include <corm/type/types.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct pg_conn;
struct pg_result;

namespace corm::test {

using Random = std::mt19937_64;

/// 10,000 with CORM_TEST_FULL=1, else 500.
[[nodiscard]] int random_values();
/// From CORM_TEST_SEED, or another one for each run.
[[nodiscard]] std::uint64_t seed();

/// A result in binary format.
class BinaryResult {
public:
    explicit BinaryResult(pg_result* result) noexcept : result_(result) {}

    [[nodiscard]] int row_count() const noexcept;
    [[nodiscard]] types::FieldView field(int row, int column) const noexcept;
    [[nodiscard]] std::string text(int row, int column) const { return std::string{field(row, column).bytes()}; }
    template <class T>
    [[nodiscard]] T value(int row = 0, int column = 0) const {
        T target{};
        types::value_type<T>.decode(field(row, column), &target);
        return target;
    }

private:
    struct Clear {
        void operator()(pg_result* result) const noexcept;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

/// One connection of libpq, that sends what `Parameters` hold and asks for binary results.
class Client {
public:
    /// In UTC, with ISO dates.
    explicit Client(const std::string& url);

    /// Throws std::runtime_error with the server's message.
    BinaryResult run(const std::string& sql, const types::Parameters& parameters = {});
    template <class... T>
    BinaryResult ask(const std::string& sql, const T&... values) {
        types::Parameters parameters;
        (parameters.add(values), ...);
        return run(sql, parameters);
    }
    /// Settings of the session under which text looks different, and values must not.
    void make_strange();

private:
    struct Finish {
        void operator()(pg_conn* connection) const noexcept;
    };
    std::unique_ptr<pg_conn, Finish> connection_;
};

/// What the server writes for a value of a type; told by its address.
using Agrees = std::function<bool(const void* value, std::string_view server_text)>;

/// Sends each value as a parameter of its own beside its literal. The server must render both alike, as `agrees` wants
/// it (may be empty), and send back the same value.
void check_scalars(Client& client, const types::ValueType& type, const std::vector<const void*>& values,
                   const Agrees& agrees);
/// The same for one array: as a parameter, as its literal, and as a bulk parameter for a statement over rows.
void check_array(Client& client, const types::ValueType& array_type, const void* array);
/// The elements as `ArrayParameter` sends them for the rows of a bulk statement.
void check_bulk(Client& client, const types::ValueType& type, const std::vector<const void*>& values);

/// Prints what was checked, twice: under the server's own settings and under strange ones.
void report(std::string_view name, std::size_t values, std::size_t arrays, std::uint64_t seed);

/// Every check, for edge values and random ones.
template <class T, class Generate>
void round_trip(std::string_view name, std::vector<T> values, Generate generate,
                const std::function<bool(const T&, std::string_view)>& agrees = {}, const std::string& setup = {}) {
    const Database database{setup};
    Client client{database.url()};
    const std::uint64_t from = seed();
    Random random{from};
    for (int i = random_values(); i > 0; --i)
        values.push_back(generate(random));

    std::vector<std::optional<T>> nullable;
    std::vector<const void*> addresses;
    for (const T& value : values) {
        nullable.push_back(value);
        if (random() % 16 == 0)
            nullable.push_back(std::nullopt);
    }
    for (const std::optional<T>& value : nullable)
        addresses.push_back(&value);
    const types::ValueType& type = types::value_type<std::optional<T>>;
    const Agrees erased = [&](const void* value, std::string_view text) {
        return agrees(**static_cast<const std::optional<T>*>(value), text);
    };
    check_scalars(client, type, addresses, agrees ? erased : Agrees{});
    check_bulk(client, type, addresses);

    std::size_t arrays = 0;
    using Array = std::vector<std::optional<T>>;
    const auto all_arrays = [&] {
        const Array none;
        check_array(client, types::value_type<Array>, &none);
        for (std::size_t at = 0; at < nullable.size(); ++arrays) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 40, nullable.size() - at);
            const Array array(nullable.begin() + static_cast<std::ptrdiff_t>(at),
                              nullable.begin() + static_cast<std::ptrdiff_t>(at + size));
            check_array(client, types::value_type<Array>, &array);
            at += size;
        }
        using Plane = std::vector<Array>;
        for (std::size_t width = 1; width <= 5 && width * 3 <= nullable.size(); ++width, ++arrays) {
            Plane plane(3);
            for (std::size_t i = 0; i < width * 3; ++i)
                plane[i / width].push_back(nullable[i]);
            check_array(client, types::value_type<Plane>, &plane);
        }
    };
    all_arrays();
    client.make_strange();
    check_scalars(client, type, addresses, {});
    all_arrays();
    report(name, values.size(), arrays, from);
}

/// A value that is near zero, near a limit, or anything.
template <class I>
I random_integer(Random& random) {
    constexpr int width = 8 * sizeof(I);
    const std::uint64_t bits = random() >> (64 - width + static_cast<int>(random() % width));
    return static_cast<I>(random() % 2 == 0 ? bits : ~bits);
}

} // namespace corm::test
