// The schema of the database as it is now.
#pragma once

#include "snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace explorer {

/// Follows the changes of a schema. Belongs to one thread; any number of its coroutines may call it at once.
class Catalogue {
public:
    /// `schema`: the only one; empty: all. What was looked at `every` ago is looked at again when somebody asks.
    Catalogue(corm::Engine& engine, std::string schema, std::string version_column, std::chrono::milliseconds every)
        : engine_(engine), schema_(std::move(schema)), version_column_(std::move(version_column)), every_(every) {}

    /// One round trip if it is time to look, and one more, which reads the schema, if it has changed. Nobody waits for
    /// the look of another: they get what is known.
    corm::Task<std::shared_ptr<const Snapshot>> current();
    /// Looks now, and returns what is known then.
    corm::Task<std::shared_ptr<const Snapshot>> look();

    [[nodiscard]] std::uint64_t times_read() const noexcept { return times_read_; }

private:
    corm::Task<std::string> signature() const;

    corm::Engine& engine_;
    const std::string schema_;
    const std::string version_column_;
    const std::chrono::milliseconds every_;
    std::shared_ptr<const Snapshot> known_;
    std::string signature_; ///< of what is known
    std::chrono::steady_clock::time_point looked_{};
    bool looking_ = false;
    std::uint64_t times_read_ = 0;
};

} // namespace explorer
