#include <corm/mapping/mapper.hpp>

#include "type/value.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/registry.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace corm::mapping {

/// A list that only grows, so that looking through it takes no lock.
struct Mapper::Extensions {
    using Make = MapperExtension* (*)(const Mapper&);
    struct Entry {
        Make make;
        std::unique_ptr<MapperExtension> extension;
        std::unique_ptr<Entry> next;
    };

    [[nodiscard]] const MapperExtension* find(Make make) const noexcept {
        for (const Entry* entry = first.load(std::memory_order_acquire); entry != nullptr; entry = entry->next.get()) {
            if (entry->make == make)
                return entry->extension.get();
        }
        return nullptr;
    }

    std::mutex mutex; ///< held by who adds one
    std::unique_ptr<Entry> entries;
    std::atomic<const Entry*> first = nullptr;
};

namespace {

std::atomic<std::size_t> living{0};

} // namespace

bool Column::casts(const types::ValueType& value) const noexcept {
    return value.as_text || (value.oid == types::oids::text && !declared.empty());
}

std::size_t live_mappers() noexcept {
    return living.load(std::memory_order_relaxed);
}

Mapper::Mapper() : type_(typeid(void)), extensions_(std::make_unique<Extensions>()) {
    living.fetch_add(1, std::memory_order_relaxed);
}

Mapper::~Mapper() {
    living.fetch_sub(1, std::memory_order_relaxed);
}

std::shared_ptr<const Mapper> TargetMapper::operator()() const {
    return mapper_ != nullptr ? mapper_->shared() : function_();
}

int Mapper::find_column(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].name == name)
            return static_cast<int>(i);
    }
    return -1;
}

int Mapper::find_member(std::string_view member) const noexcept {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].member == member)
            return static_cast<int>(i);
    }
    return -1;
}

std::uint64_t Mapper::given_bit(std::size_t column) const {
    const int number = columns_[column].server_default;
    if (number < 0)
        throw MappingError(entity_ + "." + columns_[column].member +
                           " is written by every insert; corm::given is for columns marked .server_default<...>()");
    return std::uint64_t{1} << number;
}

void Mapper::find_inserted(std::uint64_t given, bool leaves_key, std::vector<std::uint16_t>& columns) const {
    columns.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const bool left_key = leaves_key && static_cast<int>(i) == generated_key_;
        if (!left_key && columns_[i].inserted(given))
            columns.push_back(static_cast<std::uint16_t>(i));
    }
}

bool Mapper::leaves_key(const void* values) const {
    if (generated_key_ < 0)
        return false;
    const Column& key = columns_[static_cast<std::size_t>(generated_key_)];
    const void* value = key.in(values);
    if (key.type->is_null(value))
        return true;
    // The default-constructed integer and UUID are all zero bytes on the wire.
    std::string bytes;
    key.type->encode(value, bytes);
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

void Mapper::append_key_part(const Column& column, const void* value, std::string& out) const {
    if (column.type->is_null(value))
        throw MappingError(entity_ + "." + column.member +
                           " is part of the primary key and NULL; give it a value before the object is added");
    if (key_.size() == 1) {
        column.type->encode(value, out);
        return;
    }
    const std::size_t length_at = out.size();
    types::put_int32(out, 0);
    column.type->encode(value, out);
    types::patch_int32(out, length_at, static_cast<std::int32_t>(out.size() - length_at - 4));
}

void Mapper::append_key(const void* values, std::string& out) const {
    for (const std::uint16_t index : key_)
        append_key_part(columns_[index], columns_[index].in(values), out);
}

void Mapper::append_packed_key(const void* packed, std::string& out) const {
    for (const std::uint16_t index : key_)
        append_key_part(columns_[index], static_cast<const char*>(packed) + columns_[index].packed, out);
}

void Mapper::split_key(std::string_view key, std::vector<std::string_view>& parts) const {
    if (key_.size() == 1) {
        parts.push_back(key);
        return;
    }
    for (std::size_t i = 0; i < key_.size(); ++i) {
        const auto length = static_cast<std::size_t>(types::get_big_endian<std::int32_t>(key.data()));
        parts.push_back(key.substr(4, length));
        key.remove_prefix(4 + length);
    }
}

std::string Mapper::key_text(std::string_view key) const {
    std::vector<std::string_view> parts;
    split_key(key, parts);
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const types::ValueType& type = *columns_[key_[i]].type;
        types::Value value{type};
        type.decode({parts[i].data(), static_cast<std::int32_t>(parts[i].size()),
                     type.oid != 0 ? type.oid : types::oids::text, type.format},
                    value.at());
        text += i == 0 ? (parts.size() > 1 ? "(" : "") : ", ";
        type.literal(value.at(), text);
    }
    if (parts.size() > 1)
        text += ')';
    return text;
}

const MapperExtension& Mapper::extension(MapperExtension* (*make)(const Mapper&)) const {
    Extensions& extensions = *extensions_;
    if (const MapperExtension* known = extensions.find(make))
        return *known;
    // Without the lock: it may need another one of this mapper, or of one that needs this one's. Of two that are made
    // at the same time the first counts.
    std::unique_ptr<MapperExtension> made{make(*this)};
    const std::scoped_lock lock{extensions.mutex};
    if (const MapperExtension* known = extensions.find(make))
        return *known;
    auto added = std::make_unique<Extensions::Entry>();
    added->make = make;
    added->extension = std::move(made);
    added->next = std::move(extensions.entries);
    extensions.entries = std::move(added);
    extensions.first.store(extensions.entries.get(), std::memory_order_release);
    return *extensions.entries->extension;
}

} // namespace corm::mapping
