#include <corm/uow/json.hpp>

#include "mapping/record_object.hpp"
#include "type/json_format.hpp"
#include "type/json_value.hpp"
#include "uow/relation_access.hpp"
#include <corm/base/error.hpp>

#include <boost/json/value.hpp>

#include <algorithm>

namespace corm::uow {
namespace {

void* values_of(const mapping::Mapper& mapper, const mapping::Record& record) {
    return mapper.object().values(const_cast<mapping::Record*>(&record)); // gives their place alone
}

bool leads_to_records(const mapping::Relation& relation) {
    return relation.slot == &mapping::relation_slot<mapping::Many<mapping::Record>> ||
           relation.slot == &mapping::relation_slot<mapping::One<mapping::Record>>;
}

} // namespace

const JsonEntity json_record{nullptr, 0, nullptr, 0};

std::string JsonWriter::object(const JsonEntity& entity, const void* object) {
    JsonWriter writer;
    writer.write_root(entity, object, Path{});
    return std::move(writer.out_);
}

void JsonWriter::add(const JsonEntity& entity, const void* object) {
    const Path document;
    out_.push_back(added_ == 0 ? '[' : ',');
    write_root(entity, object, Path{document, added_});
    ++added_;
}

std::string JsonWriter::array() && {
    out_ += added_ == 0 ? "[]" : "]";
    return std::move(out_);
}

void JsonWriter::write_root(const JsonEntity& entity, const void* object, const Path& path) {
    brought_ = 0;
    if (object == nullptr)
        out_ += "null";
    else
        write_object(entity, object, path);
}

void JsonWriter::write_object(const JsonEntity& entity, const void* object, const Path& path) {
    path.check_depth();
    if (&entity == &json_record) {
        write_record(*static_cast<const mapping::Record*>(object), path);
        return;
    }
    way_.push_back(object);
    char separator = '{';
    for (std::size_t i = 0; i < entity.count; ++i) {
        const JsonMember& member = entity.members[i];
        const mapping::RelationState* relation = member.relation != nullptr ? &member.relation(object) : nullptr;
        if (relation != nullptr && !relation->is_loaded())
            continue;
        out_.push_back(separator);
        out_.push_back('"');
        out_ += member.name; // an identifier of C++: nothing in it needs an escape
        out_ += "\":";
        separator = ',';
        const Path inner{path, member.name};
        if (relation != nullptr)
            write_links(member.target(), member.many, *relation, inner);
        else
            member.write(object, out_, inner);
    }
    out_ += separator == '{' ? "{}" : "}";
    way_.pop_back();
}

void JsonWriter::write_record(const mapping::Record& record, const Path& path) {
    const mapping::Mapper& mapper = *mapping::mapper_of_record(record);
    const void* const values = values_of(mapper, record);
    way_.push_back(&record);
    char separator = '{';
    const auto name = [&](std::string_view member, const Path& inner) {
        out_.push_back(separator);
        types::detail::write_json(member, out_, inner);
        out_.push_back(':');
        separator = ',';
    };
    for (const mapping::Column& column : mapper.columns()) {
        const Path inner{path, column.name};
        name(column.name, inner);
        types::detail::write_json_value(*column.type, column.in(values), out_, inner);
    }
    for (const mapping::Relation& relation : mapper.relations()) {
        if (!leads_to_records(relation))
            continue;
        const mapping::RelationState& state =
            mapping::RecordObject::relation(const_cast<mapping::Record*>(&record), relation.offset);
        if (!state.is_loaded())
            continue;
        const Path inner{path, relation.name};
        name(relation.name, inner);
        write_links(json_record, is_to_many(relation.kind), state, inner);
    }
    out_.push_back('}');
    way_.pop_back();
}

void JsonWriter::write_links(const JsonEntity& target, bool many, const mapping::RelationState& state,
                             const Path& path) {
    const std::vector<Link>& links = RelationAccess::read(state);
    if (!many) {
        if (links.empty())
            out_ += "null";
        else
            write_target(target, *RelationAccess::follow(state, links.front()), path);
        return;
    }
    path.check_depth();
    out_.push_back('[');
    for (std::size_t i = 0; i < links.size(); ++i) {
        if (i != 0)
            out_.push_back(',');
        write_target(target, *RelationAccess::follow(state, links[i]), Path{path, i});
    }
    out_.push_back(']');
}

void JsonWriter::write_target(const JsonEntity& entity, Instance& target, const Path& path) {
    const void* const object = target.readable();
    if (std::find(way_.begin(), way_.end(), object) != way_.end()) {
        write_key(entity, object, path);
        return;
    }
    if (++brought_ > json_object_limit)
        path.refuse("is one of more than " + std::to_string(json_object_limit) +
                    " objects that one object brings along, each of them on every way that leads to it; leave the way "
                    "back out by corm_json and corm::json_without");
    write_object(entity, object, path);
}

void JsonWriter::write_key(const JsonEntity& entity, const void* object, const Path& path) {
    if (&entity == &json_record) {
        write_record_key(*static_cast<const mapping::Record*>(object), path);
        return;
    }
    if (entity.key_count == 0) {
        out_ += "null";
        return;
    }
    if (entity.key_count == 1) {
        entity.key->write(object, out_, path);
        return;
    }
    for (std::size_t i = 0; i < entity.key_count; ++i) {
        out_.push_back(i == 0 ? '[' : ',');
        entity.key[i].write(object, out_, path);
    }
    out_.push_back(']');
}

void JsonWriter::write_record_key(const mapping::Record& record, const Path& path) {
    const mapping::Mapper& mapper = *mapping::mapper_of_record(record);
    const void* const values = values_of(mapper, record);
    const bool composite = mapper.key_columns().size() > 1;
    char separator = '[';
    for (const std::uint16_t index : mapper.key_columns()) {
        const mapping::Column& column = mapper.column(index);
        if (composite)
            out_.push_back(separator);
        types::detail::write_json_value(*column.type, column.in(values), out_, path);
        separator = ',';
    }
    if (composite)
        out_.push_back(']');
}

boost::json::value parse_json_document(std::string_view text, boost::json::storage_ptr storage) {
    return types::parse_json(text, "json", storage);
}

} // namespace corm::uow
