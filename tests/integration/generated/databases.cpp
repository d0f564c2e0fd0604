// Makes databases and keeps them until its input ends. Each argument: files of SQL, joined by colons, that are run in
// one database after the other. Prints the connection strings, a line for each database.
#include "support/server.hpp"

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <list>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

std::string content(const std::string& path) {
    std::ifstream file{path};
    if (!file)
        throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

int main(int argc, char** argv) {
    try {
        std::list<corm::test::Database> databases;
        for (int i = 1; i < argc; ++i) {
            databases.emplace_back();
            std::istringstream files{argv[i]};
            for (std::string path; std::getline(files, path, ':');)
                databases.back().query(content(path));
        }
        for (const corm::test::Database& database : databases)
            std::cout << database.url() << '\n';
        std::cout << std::flush;
        std::cin.ignore(std::numeric_limits<std::streamsize>::max());
        return 0;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
