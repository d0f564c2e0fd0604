// The hooks of rows.
#pragma once

#include <corm/orm/session_hooks.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace corm::orm {

/// A list that is replaced as a whole, so that whoever goes through it is not disturbed. Thread-safe.
class SessionHooks::RowHooks {
public:
    struct Hook {
        RowEvent event;
        const mapping::Mapper* of;
        std::weak_ptr<const void> lifetime; ///< of a table that was mapped at run time, which may be let go
        RowHook call;
    };
    using List = std::vector<Hook>;

    RowHooks();
    void add(RowEvent event, const mapping::Mapper& mapper, RowHook hook);
    /// Without the hooks of mappers that have ended: another one may have the address.
    [[nodiscard]] std::shared_ptr<const List> list();

private:
    /// Throws nothing but `std::bad_alloc`.
    [[nodiscard]] static std::shared_ptr<List> living(const List& list);

    std::mutex mutex_;
    std::shared_ptr<const List> list_;
    std::uint64_t ended_;
};

} // namespace corm::orm
