#include "round_trip.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace corm::test {
namespace {

/// Room for a value that is known by its ValueType.
class Slot {
public:
    explicit Slot(const types::ValueType& type)
        : type_(type), at_(::operator new(type.size, std::align_val_t{type.align})) {
        type.construct(at_);
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
        type_.destroy(at_);
        ::operator delete(at_, std::align_val_t{type_.align});
    }
    [[nodiscard]] void* get() const noexcept { return at_; }

private:
    const types::ValueType& type_;
    void* at_;
};

void add_literal(types::Parameters& parameters, const types::ValueType& type, const void* value) {
    if (type.is_null(value)) {
        parameters.add_null(types::oids::text);
        return;
    }
    std::string text;
    type.literal(value, text);
    parameters.add_text(text);
}

std::string parameter(std::size_t number, std::string_view type) {
    return "$" + std::to_string(number) + "::" + std::string{type};
}

// Long values would fill the screen.
std::string shortened(const std::string& text) {
    constexpr std::size_t most = 200;
    return text.size() <= most ? text : text.substr(0, most) + "...";
}

void expect_same(const types::ValueType& type, const void* value, const types::FieldView& field,
                 const std::string& text) {
    const Slot back{type};
    type.decode(field, back.get());
    if (!type.same(value, back.get()))
        FAIL("another " << type.sql_type() << " came back; the server renders it as " << shortened(text));
}

void expect_equal(const types::ValueType& type, const std::string& binary, const std::string& literal) {
    if (binary != literal)
        FAIL("the server renders a " << type.sql_type() << " as " << shortened(binary) << ", its literal as "
                                     << shortened(literal));
}

} // namespace

int random_values() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string_view{full} == "1" ? 10'000 : 500;
}

std::uint64_t seed() {
    const char* given = std::getenv("CORM_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

int BinaryResult::row_count() const noexcept {
    return PQntuples(result_.get());
}

types::FieldView BinaryResult::field(int row, int column) const noexcept {
    const bool null = PQgetisnull(result_.get(), row, column) != 0;
    return {null ? nullptr : PQgetvalue(result_.get(), row, column), PQgetlength(result_.get(), row, column),
            PQftype(result_.get(), column), types::Format::binary};
}

void BinaryResult::Clear::operator()(pg_result* result) const noexcept {
    PQclear(result);
}

Client::Client(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK)
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    for (const char* setting : {"set client_encoding = 'UTF8'", "set timezone = 'UTC'", "set datestyle = 'ISO, YMD'",
                                "set intervalstyle = 'postgres'", "set extra_float_digits = 1"})
        run(setting);
}

void Client::make_strange() {
    for (const char* setting :
         {"set timezone = 'Asia/Kathmandu'", "set datestyle = 'SQL, DMY'", "set intervalstyle = 'sql_standard'",
          "set extra_float_digits = 0", "set bytea_output = 'escape'", "set xmloption = 'document'"})
        run(setting);
}

void Client::Finish::operator()(pg_conn* connection) const noexcept {
    PQfinish(connection);
}

BinaryResult Client::run(const std::string& sql, const types::Parameters& parameters) {
    std::vector<Oid> oids;
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::string_view bytes = parameters.bytes(i);
        oids.push_back(parameters.oid(i));
        values.push_back(parameters.is_null(i) ? nullptr : bytes.empty() ? "" : bytes.data());
        lengths.push_back(static_cast<int>(bytes.size()));
        formats.push_back(static_cast<int>(parameters.format(i)));
    }
    PGresult* result = PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), oids.data(),
                                    values.data(), lengths.data(), formats.data(), 1);
    BinaryResult owned{result};
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        throw std::runtime_error(PQresultErrorMessage(result));
    return owned;
}

void check_scalars(Client& client, const types::ValueType& type, const std::vector<const void*>& values,
                   const Agrees& agrees) {
    constexpr std::size_t most = 100;
    const std::string name{type.sql_type()};
    for (std::size_t start = 0; start < values.size(); start += most) {
        const std::size_t count = std::min(most, values.size() - start);
        types::Parameters parameters;
        std::string rows;
        for (std::size_t i = 0; i < count; ++i) {
            parameters.add(type, values[start + i]);
            add_literal(parameters, type, values[start + i]);
            rows += std::string{i == 0 ? "" : ", "} + "(" + std::to_string(i) + ", " + parameter(2 * i + 1, name) +
                    ", " + parameter(2 * i + 2, "text") + "::" + name + ")";
        }
        const BinaryResult result =
            client.run("select v, v::text, l::text, l from (values " + rows + ") as x(n, v, l) order by n", parameters);
        REQUIRE(result.row_count() == static_cast<int>(count));
        for (std::size_t i = 0; i < count; ++i) {
            const int row = static_cast<int>(i);
            const void* value = values[start + i];
            const std::string text = result.text(row, 1);
            expect_equal(type, text, result.text(row, 2));
            expect_same(type, value, result.field(row, 0), text);
            expect_same(type, value, result.field(row, 3), text);
            if (agrees && !type.is_null(value) && !agrees(value, text))
                FAIL("the server renders a " << name << " as " << shortened(text));
        }
    }
}

void check_array(Client& client, const types::ValueType& array_type, const void* array) {
    const std::string name{array_type.sql_type()};
    types::Parameters parameters;
    parameters.add(array_type, array);
    add_literal(parameters, array_type, array);
    const std::string value = parameter(1, name), literal = parameter(2, "text") + "::" + name;
    const BinaryResult result =
        client.run("select " + value + ", " + value + "::text, " + literal + "::text", parameters);
    expect_equal(array_type, result.text(0, 1), result.text(0, 2));
    expect_same(array_type, array, result.field(0, 0), result.text(0, 1));
}

void check_bulk(Client& client, const types::ValueType& type, const std::vector<const void*>& values) {
    const std::string name{type.sql_type()};
    types::Parameters parameters;
    types::ArrayParameter bulk{parameters, type, values.size()};
    for (const void* value : values)
        bulk.add(value);
    bulk.finish();
    const std::string array = types::ArrayParameter::as_literals(type) ? "text[]" : name + "[]";
    const BinaryResult result = client.run("select v::" + name + " from unnest(" + parameter(1, array) +
                                               ") with ordinality as x(v, n) order by n",
                                           parameters);
    REQUIRE(result.row_count() == static_cast<int>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
        expect_same(type, values[i], result.field(static_cast<int>(i), 0), "a row of a bulk parameter");
}

void report(std::string_view name, std::size_t values, std::size_t arrays, std::uint64_t seed) {
    std::printf("%.*s: %zu values as scalars, literals, rows and elements, in %zu arrays; CORM_TEST_SEED=%llu\n",
                static_cast<int>(name.size()), name.data(), values, arrays, static_cast<unsigned long long>(seed));
    SUCCEED();
}

} // namespace corm::test
