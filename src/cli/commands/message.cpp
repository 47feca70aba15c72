#include "cli/commands/message.hpp"

#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

namespace sweepctl::cli {

void print_message(Session& session, const ParamValue& reply) {
    const std::string message = printable(text_field(reply, "message"));
    session.out.line(message.empty() ? cell_text(field(reply, "id")) : message);
}

}  // namespace sweepctl::cli
