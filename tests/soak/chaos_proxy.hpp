// A proxy in front of PostgreSQL that spoils some of its replies.
#pragma once

#include "findings.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace corm::soak {

/// Understands the protocol as far as the ends of messages and replies. Runs on a thread of its own. Every connection
/// has a source of chance of its own, made of the seed and its number.
class ChaosProxy {
public:
    /// How probable each fate of a reply is. A reply is what the server says up to its ReadyForQuery.
    struct Odds {
        double lost = 0;   ///< nothing of it arrives, and the connection is reset
        double cut = 0;    ///< a part of it arrives, and the connection is reset
        double silent = 0; ///< nothing of it arrives, nor of what comes after it
        double stall = 0;  ///< it arrives 50 to 500 ms late
        /// Instead of ROLLBACK the server gets a NOTIFY, and the client is told that it was a ROLLBACK.
        bool skip_rollback = false;
    };

    ChaosProxy(const std::string& server_url, const Odds& odds, std::uint32_t seed, Findings& log);
    ~ChaosProxy();
    ChaosProxy(const ChaosProxy&) = delete;
    ChaosProxy& operator=(const ChaosProxy&) = delete;

    /// Connection string of the server by way of the proxy: TCP, unencrypted.
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    /// Lets everything pass that is not spoiled already, until told otherwise.
    void set_calm(bool calm) noexcept;

    /// Connections that were spoiled so that they cannot go on.
    [[nodiscard]] std::uint64_t broken() const noexcept;
    [[nodiscard]] std::uint64_t stalled() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
    std::string url_;
};

} // namespace corm::soak
