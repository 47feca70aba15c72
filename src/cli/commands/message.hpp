#pragma once

#include "sweepctl/core/value.hpp"

namespace sweepctl::cli {

class Session;

/// Prints what the controller says that it did.
void print_message(Session& session, const ParamValue& reply);

}  // namespace sweepctl::cli
