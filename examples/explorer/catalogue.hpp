// The schema of the database as it is now.
#pragma once

#include "snapshot.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace explorer {

/// Follows the changes of a schema. Belongs to the one thread of its context; any number of its coroutines may call it
/// at once.
class Catalogue {
public:
    using Clock = std::chrono::steady_clock;

    /// `schema`: the only one; empty: all. What was looked at `every` ago is looked at again when somebody asks.
    Catalogue(boost::asio::io_context& context, corm::Engine& engine, std::string schema, std::string version_column,
              std::chrono::milliseconds every)
        : engine_(engine), schema_(std::move(schema)), version_column_(std::move(version_column)), every_(every),
          looked_(context, Clock::time_point::max()) {}

    /// One round trip if it is time to look, and one more, which reads the schema, if it has changed. Nobody waits for
    /// the look of another: they get what is known.
    corm::Task<std::shared_ptr<const Snapshot>> current();
    /// What a look that began at `since` or later has found: one that is under way is waited for, and one look is for
    /// all who wait.
    corm::Task<std::shared_ptr<const Snapshot>> look(Clock::time_point since);

    [[nodiscard]] std::uint64_t times_read() const noexcept { return times_read_; }

private:
    class Looking;
    corm::Task<std::string> signature() const;

    corm::Engine& engine_;
    const std::string schema_;
    const std::string version_column_;
    const std::chrono::milliseconds every_;
    std::shared_ptr<const Snapshot> known_;
    std::string signature_;     ///< of what is known
    Clock::time_point begun_{}; ///< of the last look
    bool looking_ = false;
    boost::asio::steady_timer looked_; ///< never expires: its end is the end of a look
    std::uint64_t times_read_ = 0;
};

} // namespace explorer
