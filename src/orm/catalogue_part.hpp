// The catalogue of a database as a part of an operation.
#pragma once

#include "orm/part.hpp"
#include "schema/catalog_queries.hpp"

#include <corm/schema/model.hpp>
#include <corm/schema/reflect_options.hpp>

#include <span>
#include <vector>

namespace corm::orm {

/// The catalogue queries: statements of the library, which leave nothing behind in the server's session once their
/// transaction has ended; until then they leave it without a search path. They are too rare for the cache of prepared
/// statements.
class CataloguePart final : public Part {
public:
    explicit CataloguePart(const schema::ReflectOptions& options);

    void append(std::vector<wire::Statement>& request) override;
    void digest(std::span<wire::Result> results) override;

    /// What they found. Throws `schema::CatalogChanged`.
    [[nodiscard]] schema::Database database() const;

private:
    std::vector<schema::CatalogQuery> queries_;
    std::vector<wire::Result> results_;
};

} // namespace corm::orm
