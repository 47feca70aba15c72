#pragma once

#include "sweepctl/store/store.hpp"

#include "records.hpp"

#include <memory>
#include <string>
#include <vector>

// The stores that keep one contract, for the tests that hold them to it.

namespace sweepctl {

/// A store, its disk, and how to look at what is on it.
class Backend {
public:
    virtual ~Backend() = default;
    [[nodiscard]] virtual std::unique_ptr<Store> open() = 0;
    [[nodiscard]] virtual std::vector<std::string> attempts() = 0;
    [[nodiscard]] virtual std::vector<std::string> metrics() = 0;
    [[nodiscard]] virtual std::vector<std::string> events() = 0;
    /// What W&B's clients brought: streamed lines, words about runs, files, projects.
    [[nodiscard]] virtual std::vector<std::string> lines() = 0;
    [[nodiscard]] virtual std::vector<std::string> details() = 0;
    [[nodiscard]] virtual std::vector<std::string> files() = 0;
    [[nodiscard]] virtual std::vector<std::string> projects() = 0;

    WakeUp wake;
};

/// Each of them in turn: to be called at the beginning of a test.
[[nodiscard]] std::unique_ptr<Backend> make_backend();

}  // namespace sweepctl
