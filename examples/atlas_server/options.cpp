#include "options.hpp"

#include "common/arguments.hpp"

namespace atlas {

const char* const usage = R"(atlas_server [options]
  --address A     address to listen on (127.0.0.1)
  --port N        port, 0 takes a free one (8080)
  --threads N     threads that run requests and connections (1)
  --pool N        connections to the database (10)
  --deadline MS   for each operation on the database; later is 503 (5000)
  --data DIR      the ISO lists (/usr/share/iso-codes/json)
  --no-load       serve what the database holds, instead of loading it anew
  --trace         one line on standard error for each statement
The database is CORM_DATABASE_URL, where the schema corm_atlas is replaced; or a private server that lives as long as
the program.
)";

Options parse_options(int argc, char** argv) {
    examples::Arguments arguments{argc, argv};
    Options options{
        .address = arguments.text("--address", "127.0.0.1"),
        .port = static_cast<std::uint16_t>(arguments.number("--port", 8080, 0, 65535)),
        .threads = arguments.number("--threads", 1, 1, 64),
        .pool = arguments.number("--pool", 10, 1, 90),
        .deadline_ms = arguments.number("--deadline", 5000, 1, 3'600'000),
        .data = arguments.text("--data", "/usr/share/iso-codes/json"),
        .load = !arguments.flag("--no-load"),
        .trace = arguments.flag("--trace"),
    };
    arguments.finish();
    return options;
}

} // namespace atlas
