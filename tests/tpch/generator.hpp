// Rows for the tables of TPC-H, by the numbers and the domains of the specification (clause 4.2). The words of the
// comments and the random numbers are this generator's own, so the rows are not those of dbgen.
#pragma once

#include "schema.hpp"

#include <corm/orm/engine.hpp>

#include <vector>

namespace corm::tpch {

/// A whole database, parents ahead of those that refer to them.
struct Rows {
    std::vector<Region> regions;
    std::vector<Nation> nations;
    std::vector<Part> parts;
    std::vector<Supplier> suppliers;
    std::vector<PartSupp> partsupps;
    std::vector<Customer> customers;
    std::vector<Order> orders;
    std::vector<LineItem> lineitems;
};

/// The same rows for the same arguments. The scale factor is given in hundredths: 1 makes 15,000 orders with some
/// 60,000 line items. Throws std::invalid_argument for less.
[[nodiscard]] Rows generate(int hundredths);

/// Writes all rows into empty tables, in several transactions.
[[nodiscard]] corm::Task<> load(const corm::Engine& engine, Rows rows);

} // namespace corm::tpch
