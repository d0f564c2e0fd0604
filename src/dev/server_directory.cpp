#include "server_directory.hpp"

#include "server_settings.hpp"

#include <corm/base/error.hpp>

#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace corm::dev {

namespace {

namespace fs = std::filesystem;

// $1 is the directory, $2 the directory of the socket. The guard makes them itself: then there is no moment at which
// one exists that nobody would remove, and they belong to the right user. Lines that come in are process ids of the
// server.
//
// The server changes to its data directory, which tells it from a stranger that got the same id later; where /proc is
// not mounted the id has to do. Removal is repeated because an initdb that was killed may leave a last writer behind.
constexpr const char* guard_script = R"sh(
trap '' HUP INT TERM QUIT PIPE
mkdir -m 700 -- "$1" || exit 1
[ "$1" = "$2" ] || mkdir -m 700 -- "$2" || { rmdir -- "$1"; exit 1; }
echo made 2>/dev/null
exec >/dev/null 2>&1
pid=
while read -r line; do pid=$line; done
ours() {
    kill -0 "$pid" 2>/dev/null || return 1
    [ -e /proc/self/stat ] || return 0
    [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]
}
if [ -n "$pid" ] && ours "$1"; then
    kill -QUIT "$pid"
    tries=1000
    while ours "$1" && [ $tries -gt 0 ]; do sleep 0.01; tries=$((tries - 1)); done
    ours "$1" && kill -KILL "$pid"
fi
tries=500
while [ $tries -gt 0 ]; do
    rm -rf -- "$1" "$2"
    [ -e "$1/data" ] || [ -e "$2" ] || break
    sleep 0.01
    tries=$((tries - 1))
done
)sh";

/// A name that nobody else has or can foresee.
fs::path new_name(const fs::path& parent) {
    std::error_code ignored;
    const fs::path real = fs::canonical(parent, ignored);
    return (real.empty() ? parent : real) / ("corm-" + random_digits(16));
}

std::string read_all(int fd) {
    std::string result;
    std::array<char, 512> buffer{};
    while (true) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got > 0) {
            result.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {
            return result;
        }
    }
}

bool fits_socket(const fs::path& directory) {
    constexpr std::string_view longest_name = "/.s.PGSQL.65535.lock";
    return directory.native().size() + longest_name.size() < sizeof(sockaddr_un::sun_path) &&
           directory.native().find(',') == std::string::npos;
}

} // namespace

ServerDirectory::ServerDirectory(const fs::path& parent, std::optional<Account> account)
    : path_(new_name(parent)), sockets_(fits_socket(path_) ? path_ : new_name("/tmp")) {
    Pipe pipe = make_pipe();
    Pipe answer = make_pipe();
    SpawnOptions options;
    options.arguments = {"/bin/sh", "-c", guard_script, "corm-guard", path_.string(), sockets_.string()};
    options.account = account;
    options.input = pipe.read.get();
    options.output = answer.write.get();
    guard_ = spawn(options);
    to_guard_ = std::move(pipe.write);
    answer.write.reset();
    if (const std::string said = read_all(answer.read.get()); said != "made\n") {
        dismiss();
        throw Error("cannot make a directory for a private PostgreSQL in " + parent.string() + ": " + said);
    }
}

ServerDirectory::~ServerDirectory() {
    dismiss();
}

void ServerDirectory::dismiss() noexcept {
    to_guard_.reset();
    while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace corm::dev
