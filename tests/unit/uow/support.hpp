// A session without a connection, and plans in readable form.
#pragma once

#include "entities.hpp"
#include "support/encoded_rows.hpp"
#include "uow/unit_of_work.hpp"

#include <corm/type/oid.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace uow_test {

using corm::test::EncodedRows;
using corm::uow::FlushPlan;
using corm::uow::FlushStatement;
using corm::uow::Freshness;
using corm::uow::Instance;
using corm::uow::ObjectState;
using corm::uow::Populate;
using corm::uow::UnitOfWork;
using Handle = std::shared_ptr<Instance>;
namespace oids = corm::types::oids;

template <class T>
Handle make(T value) {
    return Instance::create(corm::mapping::mapper_of<T>(), &value);
}
template <class T>
const T& read(const Handle& handle) {
    return *static_cast<const T*>(handle->readable());
}
template <class T>
T& edit(const Handle& handle) {
    return *static_cast<T*>(Instance::editable(handle));
}

inline EncodedRows user_rows() {
    return EncodedRows{{{"id", oids::int8},
                        {"name", oids::text},
                        {"email", oids::text},
                        {"age", oids::int4},
                        {"version", oids::int4}}};
}
inline EncodedRows one_user(std::int64_t id, const std::string& name, std::int32_t age, std::int32_t version = 0,
                            const std::optional<std::string>& email = {}) {
    EncodedRows rows = user_rows();
    rows.row(id, name, email, age, version);
    return rows;
}
inline EncodedRows one_line(std::int32_t order_no, std::int16_t line_no, const std::string& article,
                            std::int32_t quantity) {
    EncodedRows rows{{{"order_no", oids::int4}, {"line_no", oids::int2}, {"article", oids::text}, {"q", oids::int4}}};
    rows.row(order_no, line_no, article, quantity);
    return rows;
}

/// What an insert writes: every column, but for the key if that is left to the server.
template <class T>
std::vector<corm::uow::ColumnIndex> columns_of(bool generated) {
    const auto& mapper = *corm::mapping::mapper_of<T>();
    std::vector<corm::uow::ColumnIndex> columns;
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        if (!generated || static_cast<int>(i) != mapper.generated_key())
            columns.push_back(static_cast<corm::uow::ColumnIndex>(i));
    }
    return columns;
}

/// A unit of work that its objects report their edits to.
class Session final : public corm::uow::Scope {
public:
    static std::shared_ptr<Session> create() {
        auto session = std::make_shared<Session>();
        session->uow.set_scope(session);
        return session;
    }
    void on_edit(const Handle& instance) override { uow.watch(instance); }
    void on_leave(const Handle& instance) override { uow.expunge(instance); }
    void on_link(const Handle& instance) override { uow.add(instance, {}); }
    [[nodiscard]] Handle find(const corm::mapping::Mapper& mapper, std::string_view key) const override {
        return uow.find(mapper, key);
    }

    template <class T>
    Handle attach(const corm::types::Rows& rows, Populate populate = Populate::fill, int row = 0, int first = 0) {
        return uow.attach(corm::mapping::mapper_of<T>(), rows, row, first, populate, {});
    }
    Handle user(std::int64_t id, const std::string& name = "Ada", std::int32_t age = 30) {
        return attach<User>(one_user(id, name, age));
    }
    template <class T>
    Handle add(T value) {
        Handle handle = make(std::move(value));
        uow.add(handle, {});
        return handle;
    }
    template <class T, class... Parts>
    Handle find(const Parts&... parts) const {
        return uow.find(*corm::mapping::mapper_of<T>(), identity<T>(parts...));
    }
    template <class T, class... Parts>
    static std::string identity(const Parts&... parts) {
        std::string key;
        if constexpr (sizeof...(Parts) == 1) {
            (corm::types::Codec<Parts>::encode(parts, key), ...);
        } else {
            const auto append = [&key](const auto& part) {
                std::string bytes;
                corm::types::Codec<std::decay_t<decltype(part)>>::encode(part, bytes);
                corm::types::put_int32(key, static_cast<std::int32_t>(bytes.size()));
                key += bytes;
            };
            (append(parts), ...);
        }
        return key;
    }

    /// Plans, and carries the plan out on a server that agrees: generated keys count up from `next_key`.
    void flush() {
        FlushPlan plan = uow.plan();
        settle(plan);
    }
    void settle(FlushPlan& plan, bool final = false) {
        std::vector<std::unique_ptr<EncodedRows>> owned;
        std::vector<const corm::types::Rows*> results;
        for (const FlushStatement& statement : plan.statements) {
            owned.push_back(std::make_unique<EncodedRows>(
                std::vector<std::pair<std::string, corm::types::Oid>>{{"missing", oids::int4}, {"k", oids::int8}}));
            for (std::size_t i = 0; statement.generated_keys && i < statement.rows.size(); ++i)
                owned.back()->row(std::int32_t{0}, next_key++);
            results.push_back(owned.back().get());
        }
        uow.flushed(plan, results, final);
    }

    UnitOfWork uow;
    std::int64_t next_key = 100;
};

/// One line per parameter: type, format and bytes in hexadecimal.
inline std::string dump(const corm::types::Parameters& parameters) {
    std::string out;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        out +=
            std::to_string(parameters.oid(i)) + (parameters.format(i) == corm::types::Format::binary ? " b " : " t ");
        if (parameters.is_null(i))
            out += "null";
        for (const char c : parameters.bytes(i)) {
            char digits[3];
            std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += digits;
        }
        out += '\n';
    }
    return out;
}
/// What the given values look like as parameters. Arrays are encoded by the codec of std::vector, a path of their own.
template <class... Values>
std::string parameters(const Values&... values) {
    corm::types::Parameters all;
    (all.add(values), ...);
    return dump(all);
}

/// Kind, table and number of rows of each statement: "update users 2". Locks have no rows of their own: "lock users".
inline std::vector<std::string> outline(const FlushPlan& plan) {
    static constexpr const char* kinds[] = {"insert",    "update", "remove", "lock",  "switch",
                                            "rearrange", "copy",   "block",  "types", "unlink"};
    std::vector<std::string> lines;
    for (const FlushStatement& statement : plan.statements) {
        std::string& line = lines.emplace_back(kinds[static_cast<int>(statement.kind)]);
        line += " " + statement.mapper->table();
        if (statement.kind != FlushStatement::Kind::lock)
            line += " " + std::to_string(statement.rows.size());
    }
    return lines;
}
using Outline = std::vector<std::string>;

} // namespace uow_test
