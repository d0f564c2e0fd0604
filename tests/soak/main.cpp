// Hours of work for a session pool, in a minute: see docs/soak.md.
#include "common/arguments.hpp"
#include "soak.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) {
    try {
        return corm::soak::run_soak(corm::soak::parse(argc, argv)) ? 0 : 1;
    } catch (const examples::UsageError& error) {
        std::cerr << "soak: " << error.what() << '\n' << corm::soak::usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "soak: " << error.what() << '\n';
        return 3;
    }
}
