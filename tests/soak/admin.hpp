// The soak's own way to the server, by libpq and past everything that is tested.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace corm::soak {

/// A connection that is made when it is needed, and again when it was lost. Not thread-safe.
class Admin {
public:
    explicit Admin(std::string url) : url_(std::move(url)) {}

    /// The first field of the first row, empty without one. Throws std::runtime_error with the server's message.
    std::string ask(const std::string& sql);
    /// The first column. Throws likewise.
    std::vector<std::string> list(const std::string& sql);
    /// The same as `ask`; nothing when it failed, for a server that may be away.
    std::optional<std::string> try_ask(const std::string& sql);

private:
    using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
    Result run(const std::string& sql);

    std::string url_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
};

} // namespace corm::soak
