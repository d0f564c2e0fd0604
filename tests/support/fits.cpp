#include "fits.hpp"

#include "coroutine.hpp"
#include "server.hpp"

#include <corm/corm.hpp>
#include <corm/orm/schema.hpp>
#include <corm/orm/verification.hpp>
#include <corm/schema/derive.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <utility>

namespace corm::test {
namespace {

/// An expression of the column's type: for what a mapping leaves to the server and does not tell.
std::string expression_of(const mapping::Column& column) {
    std::string text;
    const auto size = column.type->size + column.type->align;
    const std::unique_ptr<std::byte[]> memory{new std::byte[size]};
    void* at = memory.get();
    std::size_t space = size;
    std::align(column.type->align, column.type->size, at, space);
    column.type->construct(at);
    const bool null = column.type->is_null(at);
    if (!null)
        column.type->literal(at, text);
    column.type->destroy(at);
    const std::string type{column.sql_type()};
    // PostgreSQL forgets a default that is plainly NULL.
    return null ? "coalesce(NULL::" + type + ")" : "'" + text + "'::" + type;
}

} // namespace

std::string misfit(const std::vector<std::shared_ptr<const Mapper>>& mappers, const std::string& setup) {
    const Database database{setup};
    boost::asio::io_context context;
    Engine engine{context.get_executor(), database.url()};
    schema::DeriveOptions options;
    for (const auto& mapper : mappers) {
        for (const mapping::Column& column : mapper->columns()) {
            if (column.computed || column.server_default >= 0)
                options.expressions[mapper->entity() + "." + column.member] = expression_of(column);
        }
    }
    std::string text;
    run_coroutine(context, [&]() -> Task<> {
        schema::Database model = schema::derive(mappers, options);
        static_cast<void>(co_await create_all(engine, std::move(model)));
        const schema::Verification found = co_await verify(engine, mappers);
        text = found.text();
    });
    return text;
}

} // namespace corm::test
