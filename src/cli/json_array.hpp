#pragma once

#include "sweepctl/core/value.hpp"

#include "cli/output.hpp"

namespace sweepctl::cli {

/// A JSON array written item by item, one a line, however many there are.
class JsonArray {
public:
    explicit JsonArray(Output& out) : out_(out) {}

    void add(const ParamValue& item);
    void end();

private:
    Output& out_;
    bool begun_ = false;
};

}  // namespace sweepctl::cli
