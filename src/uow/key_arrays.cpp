#include "uow/key_arrays.hpp"

#include <corm/mapping/value_block.hpp>
#include <corm/type/oid.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace corm::uow {

void append_keys(types::Parameters& parameters, const mapping::Mapper& mapper, std::span<const std::string> keys) {
    mapping::ValueBlock value{mapper};
    std::vector<std::string_view> parts;
    for (std::size_t part = 0; part < mapper.key_columns().size(); ++part) {
        const mapping::Column& column = mapper.column(mapper.key_columns()[part]);
        types::ArrayParameter array{parameters, *column.type, keys.size()};
        for (const std::string& key : keys) {
            parts.clear();
            mapper.split_key(key, parts);
            column.type->decode({parts[part].data(), static_cast<std::int32_t>(parts[part].size()),
                                 column.type->oid != 0 ? column.type->oid : types::oids::text, column.type->format},
                                value.at(column));
            array.add(value.at(column));
        }
        array.finish();
    }
}

} // namespace corm::uow
