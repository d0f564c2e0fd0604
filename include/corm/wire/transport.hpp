// How well connections are protected on their way.
#pragma once

#include <cstdint>

namespace corm::wire {

/// What is asked of connections by TCP. Unix sockets and the loopback interface are never questioned.
enum class Transport : std::uint8_t {
    /// As `sslmode` and its relatives say, in the URL or in libpq's environment. They have to say something: libpq's
    /// default falls back to an unprotected connection, and sends the credentials again, when TLS is declined. One
    /// notice to the tracer if it is less than `secure`.
    checked,
    /// TLS with the server's certificate and name verified (`sslmode=verify-full`), and authentication bound to that
    /// channel (`channel_binding=require`, so SCRAM), which no one in between can take part in and for which the
    /// password is never sent. `sslrootcert` names the authority; without it libpq looks for ~/.postgresql/root.crt.
    secure,
    /// As configured, without questions: for networks where nobody listens.
    trusted,
};

} // namespace corm::wire
