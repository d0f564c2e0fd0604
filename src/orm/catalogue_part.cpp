#include "orm/catalogue_part.hpp"

#include "schema/catalog_reader.hpp"

#include <iterator>
#include <utility>

namespace corm::orm {

CataloguePart::CataloguePart(const schema::ReflectOptions& options)
    : Part(schema::catalog_parts), queries_(schema::catalog_queries(options)) {}

void CataloguePart::append(std::vector<wire::Statement>& request) {
    for (schema::CatalogQuery& query : queries_) {
        wire::Statement& statement = request.emplace_back();
        statement.sql = std::move(query.text);
        statement.parameters = std::move(query.parameters);
        statement.prepare = false;
    }
}

void CataloguePart::digest(std::span<wire::Result> results) {
    results_.assign(std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
}

schema::Database CataloguePart::database() const {
    std::vector<const types::Rows*> rows;
    for (const wire::Result& result : results_)
        rows.push_back(&result);
    return schema::read_catalog(rows);
}

} // namespace corm::orm
