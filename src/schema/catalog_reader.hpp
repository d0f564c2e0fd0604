// The results of the catalogue queries as a model.
#pragma once

#include "schema/catalog_queries.hpp"

#include <corm/base/error.hpp>
#include <corm/schema/model.hpp>
#include <corm/type/field_view.hpp>

#include <span>

namespace corm::schema {

/// The server has printed something by a newer state of the catalogue than the rows are of: the functions that print
/// expressions do not look at the snapshot of the transaction. Reading again helps.
class CatalogChanged : public Error {
public:
    using Error::Error;
};

/// `results` are those of `catalog_queries`, one for each part. Sorted. Throws `CatalogChanged`, and
/// `ConversionError` for results of other queries.
[[nodiscard]] Database read_catalog(std::span<const types::Rows* const> results);

} // namespace corm::schema
