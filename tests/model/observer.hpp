// A connection of libpq beside the code under test.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

namespace model_test {

class Observer {
public:
    explicit Observer(const std::string& url);
    /// The first field of the last result. Throws std::runtime_error with the server's message.
    std::string ask(const std::string& sql);

private:
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

} // namespace model_test
