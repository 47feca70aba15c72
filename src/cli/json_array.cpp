#include "cli/json_array.hpp"

#include "cli/json_view.hpp"

namespace sweepctl::cli {

void JsonArray::add(const ParamValue& item) {
    out_.write(begun_ ? ",\n" : "[\n");
    out_.write(strict_json(item));
    begun_ = true;
}

void JsonArray::end() {
    out_.write(begun_ ? "\n]\n" : "[]\n");
}

}  // namespace sweepctl::cli
