// What a flush costs the client: finding the changes of many objects, planning them and encoding what is sent.
//
//   budget-flush WORKLOAD ROWS    plans one flush of so many rows, in `measured_plan`, which callgrind watches
#include "flush_entities.hpp"
#include "support/encoded_rows.hpp"
#include "uow/unit_of_work.hpp"

#include <corm/corm.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace budget {

using corm::test::EncodedRows;
using Handle = std::shared_ptr<corm::uow::Instance>;
namespace oids = corm::types::oids;

class Session final : public corm::uow::Scope {
public:
    void on_edit(const Handle& instance) override { uow.watch(instance); }
    void on_leave(const Handle& instance) override { uow.expunge(instance); }
    void on_link(const Handle& instance) override { uow.add(instance, {}); }
    [[nodiscard]] Handle find(const corm::Mapper& mapper, std::string_view key) const override {
        return uow.find(mapper, key);
    }
    template <class T>
    corm::Ref<T> add(T value) {
        corm::Ref<T> ref = corm::transient(std::move(value));
        uow.add(ref.instance(), {});
        return ref;
    }
    template <class T>
    corm::Ref<T> attach(const EncodedRows& rows, int row) {
        return corm::Ref<T>{uow.attach(corm::mapping::mapper_of<T>(), rows, row, 0, corm::uow::Populate::fill, {})};
    }
    corm::uow::UnitOfWork uow;
};

/// Keeps what it makes alive.
using Objects = std::vector<std::shared_ptr<const void>>;

void insert(Session& session, std::int64_t rows, Objects& kept) {
    for (std::int64_t i = 0; i < rows; ++i)
        kept.push_back(session.add(Item{.name = "item " + std::to_string(i), .amount = 1}).instance());
}

void update(Session& session, std::int64_t rows, Objects& kept) {
    EncodedRows loaded{{{"id", oids::int8},
                        {"name", oids::text},
                        {"note", oids::text},
                        {"amount", oids::int4},
                        {"version", oids::int4}}};
    for (std::int64_t i = 1; i <= rows; ++i)
        loaded.row(i, "item " + std::to_string(i), std::optional<std::string>{}, std::int32_t{1}, std::int32_t{1});
    for (std::int64_t i = 0; i < rows; ++i) {
        auto item = session.attach<Item>(loaded, static_cast<int>(i));
        item.edit().amount += 1;
        kept.push_back(item.instance());
    }
}

void remove_items(Session& session, std::int64_t rows, Objects& kept) {
    update(session, rows, kept);
    for (const auto& object : kept)
        session.uow.remove(
            std::const_pointer_cast<corm::uow::Instance>(std::static_pointer_cast<const corm::uow::Instance>(object)),
            {});
}

/// New children of new parents, ten each.
void graph(Session& session, std::int64_t rows, Objects& kept) {
    corm::Ref<Parent> parent;
    for (std::int64_t i = 0; i < rows; ++i) {
        if (i % 11 == 0) {
            parent = session.add(Parent{.id = i + 1, .name = "parent"});
            kept.push_back(parent.instance());
            continue;
        }
        parent.edit().children.push_back(corm::transient(Child{.id = i + 1, .name = "child"}));
    }
}

/// Children that move to one parent.
void relink(Session& session, std::int64_t rows, Objects& kept) {
    EncodedRows loaded{{{"id", oids::int8}, {"parent_id", oids::int8}, {"name", oids::text}}};
    for (std::int64_t i = 1; i <= rows; ++i)
        loaded.row(i, std::optional<std::int64_t>{}, std::string{"child"});
    EncodedRows parents{{{"id", oids::int8}, {"name", oids::text}}};
    parents.row(std::int64_t{1}, std::string{"parent"});
    const auto parent = session.attach<Parent>(parents, 0);
    kept.push_back(parent.instance());
    for (std::int64_t i = 0; i < rows; ++i) {
        auto child = session.attach<Child>(loaded, static_cast<int>(i));
        child.edit().parent = parent;
        kept.push_back(child.instance());
    }
}

} // namespace budget

extern "C" [[gnu::noinline]] std::size_t measured_plan(corm::uow::UnitOfWork& uow) {
    return uow.plan().statements.size();
}

int main(int argc, char** argv) {
    using namespace budget;
    const std::string_view workload = argc == 3 ? argv[1] : "";
    const std::int64_t rows = argc == 3 ? std::atoll(argv[2]) : 0;
    const auto make = workload == "insert"   ? &insert
                      : workload == "update" ? &update
                      : workload == "remove" ? &remove_items
                      : workload == "graph"  ? &graph
                      : workload == "relink" ? &relink
                                             : nullptr;
    if (make == nullptr || rows <= 0) {
        std::fprintf(stderr, "usage: budget-flush insert|update|remove|graph|relink ROWS\n");
        return 2;
    }
    const auto session = std::make_shared<Session>();
    session->uow.set_scope(session);
    Objects kept;
    const auto begun = std::chrono::steady_clock::now();
    make(*session, rows, kept);
    const auto made = std::chrono::steady_clock::now();
    const std::size_t statements = measured_plan(session->uow);
    const auto planned = std::chrono::steady_clock::now();
    const auto per_row = [rows](auto time) {
        return std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(rows);
    };
    std::printf("%zu statements; %.2f us to make a row, %.2f us to plan it\n", statements, per_row(made - begun),
                per_row(planned - made));
    return statements == 0 ? 1 : 0;
}
