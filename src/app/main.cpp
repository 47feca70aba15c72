#include "sweepctl/cli/cli.hpp"

int main(int argc, char** argv) {
    return sweepctl::cli::run(argc, argv);
}
