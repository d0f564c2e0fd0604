#include "options.hpp"

#include "common/arguments.hpp"

namespace explorer {

const char* const usage = R"(explorer [options]
  --address A         address to listen on (127.0.0.1)
  --port N            port, 0 takes a free one (8081)
  --host NAME         a name of the server that clients may use, besides its address and localhost
  --pool N            connections to the database (4)
  --deadline MS       for each operation on the database; later is 503 (5000)
  --schema NAME       the only schema that is served (all but those of the system)
  --version-column N  column that counts versions, in the tables that have it
  --check MS          how long the schema is taken to be as it was, until it is looked at again (1000)
  --read-only         nothing can be changed
The database is CORM_DATABASE_URL, or a private server that lives as long as the program. Whoever reaches the address
may do what the role of that URL may do.
)";

Options parse_options(int argc, char** argv) {
    examples::Arguments arguments{argc, argv};
    Options options{
        .address = arguments.text("--address", "127.0.0.1"),
        .port = static_cast<std::uint16_t>(arguments.number("--port", 8081, 0, 65535)),
        .host = arguments.text("--host", ""),
        .pool = arguments.number("--pool", 4, 1, 90),
        .deadline_ms = arguments.number("--deadline", 5000, 1, 3'600'000),
        .schema = arguments.text("--schema", ""),
        .version_column = arguments.text("--version-column", ""),
        .check = std::chrono::milliseconds{arguments.number("--check", 1000, 0, 3'600'000)},
        .read_only = arguments.flag("--read-only"),
    };
    arguments.finish();
    return options;
}

} // namespace explorer
