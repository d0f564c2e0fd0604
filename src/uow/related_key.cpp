// Foreign keys and the keys that they refer to.
#include "uow/flush_statements.hpp"
#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/value_block.hpp>
#include <corm/type/oid.hpp>

namespace corm::uow {

void convert(const mapping::Column& from, const void* value, const mapping::Mapper& mapper, const mapping::Column& to,
             void* target) {
    try {
        if (from.type->is_null(value)) {
            to.type->set_null(target);
            return;
        }
        std::string bytes;
        from.type->encode(value, bytes);
        to.type->decode({bytes.data(), static_cast<std::int32_t>(bytes.size()),
                         from.type->oid != 0 ? from.type->oid : types::oids::text, from.type->format},
                        target);
    } catch (const ConversionError& error) {
        throw ConversionError(error, mapper.table(), to.name, error.where());
    }
}

bool append_related_key(const Instance& instance, const mapping::RelationEnds& ends, std::string& key, KeyOf of) {
    const mapping::Mapper& target = *ends.target;
    const auto from = [&](std::size_t i) -> const mapping::Column& { return instance.mapper().column(ends.here[i]); };
    const auto value = [&](std::size_t i) {
        return of == KeyOf::row ? loaded(instance, from(i)) : current(instance, from(i));
    };
    for (std::size_t i = 0; i < ends.here.size(); ++i) {
        if (from(i).type->is_null(value(i)))
            return false;
    }
    const mapping::Column& first = target.column(ends.there.front());
    if (ends.here.size() == 1 && first.type->oid == from(0).type->oid && first.type->format == from(0).type->format) {
        from(0).type->encode(value(0), key);
        return true;
    }
    mapping::ValueBlock values{target};
    for (std::size_t i = 0; i < ends.here.size(); ++i)
        convert(from(i), value(i), target, target.column(ends.there[i]), values.at(target.column(ends.there[i])));
    target.append_packed_key(values.data(), key);
    return true;
}

} // namespace corm::uow
