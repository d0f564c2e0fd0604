#include <corm/orm/verification.hpp>

#include <corm/orm/reflection.hpp>

#include <utility>

namespace corm::orm {

Task<schema::Verification> verify(const Engine& engine, std::vector<std::shared_ptr<const mapping::Mapper>> mappers,
                                  std::source_location where) {
    if (mappers.empty())
        co_return schema::Verification{};
    schema::ReflectOptions which = schema::tables_of(mappers);
    const schema::Database database = co_await reflect(engine, std::move(which), {}, where);
    co_return schema::verify(mappers, database);
}

Task<schema::Verification> verify(const Engine& engine, const mapping::Registry& registry, std::source_location where) {
    return verify(engine, registry.mappers(), where);
}

} // namespace corm::orm
