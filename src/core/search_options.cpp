#include "sweepctl/core/search_options.hpp"

#include <cstdlib>

namespace sweepctl {

std::string_view to_string(Method method) {
    switch (method) {
        case Method::grid: return "grid";
        case Method::random: return "random";
        case Method::bayes: return "bayes";
        case Method::custom: return "custom";
    }
    std::abort();
}

std::string_view to_string(GridOrder order) {
    switch (order) {
        case GridOrder::listed: return "listed";
        case GridOrder::random: return "random";
    }
    std::abort();
}

std::string_view to_string(Impute impute) {
    switch (impute) {
        case Impute::latest: return "latest";
        case Impute::best: return "best";
        case Impute::worst: return "worst";
    }
    std::abort();
}

}  // namespace sweepctl
