// What the sans-I/O machines of an established connection ask for.
#pragma once

namespace corm::wire {

/// What a machine waits for. With `read_write`, output is pending: reading goes on meanwhile, because a server that
/// cannot write its answers stops reading. `pause`: nothing happens until the caller takes the next step of its COPY.
enum class Want { read, read_write, pause, done };

} // namespace corm::wire
