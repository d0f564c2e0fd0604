// A private PostgreSQL for a command, or for as long as standard input stays open.
//
//   dev_server COMMAND [ARGUMENTS]   runs it with CORM_DATABASE_URL set, and ends with its exit status
//   dev_server                       prints the URL and waits for the end of standard input
#include <corm/dev/postgres_server.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

int run_command(char** command, const std::string& url) {
    setenv("CORM_DATABASE_URL", url.c_str(), 1);
    const pid_t child = fork();
    if (child < 0)
        throw std::runtime_error{"cannot start another process"};
    if (child == 0) {
        execvp(command[0], command);
        std::cerr << "dev_server: cannot run " << command[0] << '\n';
        _exit(127);
    }
    // Ctrl-C is for the command; the server ends after it.
    std::signal(SIGINT, SIG_IGN);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

int main(int argc, char** argv) {
    try {
        corm::dev::PostgresServer server;
        if (argc > 1)
            return run_command(argv + 1, server.url());
        std::cout << server.url() << std::endl;
        std::string ignored;
        while (std::getline(std::cin, ignored))
            ;
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "dev_server: " << error.what() << '\n';
        return 1;
    }
}
