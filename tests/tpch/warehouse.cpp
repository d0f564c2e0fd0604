#include "warehouse.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace corm::tpch {

namespace {

std::string tables() {
    std::ifstream file{CORM_TPCH_TABLES};
    if (!file)
        throw std::runtime_error("cannot read " CORM_TPCH_TABLES);
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

Warehouse::Warehouse() : database_(tables()), engine_(context_.get_executor(), database_.url()), rows_(generate(1)) {
    run([&]() -> corm::Task<> { co_await load(engine_, rows_); });
    database_.query("analyze");
}

Warehouse& Warehouse::instance() {
    static Warehouse warehouse;
    return warehouse;
}

} // namespace corm::tpch
