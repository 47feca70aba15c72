// Catch2's main takes eight seconds to compile; this is the only file that does.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
