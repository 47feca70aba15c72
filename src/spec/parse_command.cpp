#include "spec/parse_command.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/command_line.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sweepctl {

namespace {

/// A chunk as the text that W&B makes of it: Python's str() of what its YAML reader reads.
std::string chunk_text(const YamlNode& node, Findings& findings) {
    const Oddity oddity = node.reading.oddity;
    // What YAML 1.1 takes for a text stays as it is written.
    if (oddity == Oddity::newer_float) return node.text;
    findings.remark(node.place, node.text, oddity);
    if (node.is_null()) {
        findings.warning(node.place, "a chunk that is null becomes the argument 'None'",
                         "take it out, or put it in quotes");
    }
    return python_str(node.reading.value);
}

}  // namespace

void parse_command(Fields& fields,
                   std::vector<std::vector<std::string>> parameters,
                   const SpecOptions& options,
                   SweepSpec& spec,
                   Findings& findings) {
    spec.program.program = fields.text("program");
    const YamlNode* command = fields.get("command");
    std::vector<Place> places;
    if (command != nullptr && command->kind != YamlNode::Kind::list) {
        const bool text = command->kind == YamlNode::Kind::scalar;
        return findings.error(command->place,
                              "'command' must be a list, not " + command->described(),
                              text ? "write a list of arguments, as in "
                                     "'[python, train.py, \"${args}\"]'"
                                   : "");
    }
    if (command != nullptr) {
        for (const YamlNode* item : command->items) {
            places.push_back(item->place);
            if (item->kind != YamlNode::Kind::scalar) {
                findings.error(item->place,
                               "a chunk of 'command' must be a text, not " + item->described(),
                               "'{' and '[' mean maps and lists in YAML: put '${args}' and the "
                               "like in quotes");
                spec.program.command.emplace_back();
            } else {
                spec.program.command.push_back(chunk_text(*item, findings));
            }
        }
    }

    CommandShape shape;
    shape.command = spec.program.command;
    shape.has_program =
        fields.node().find("program") != nullptr && !fields.node().find("program")->is_null();
    shape.parameters = std::move(parameters);
    for (CommandRemark& remark : check_command(shape)) {
        if (shape.command.empty()) {
            if (options.program_elsewhere) continue;
            const bool job =
                fields.node().find("job") != nullptr || fields.node().find("image_uri") != nullptr;
            findings.error(fields.node().place, "'program' is missing",
                           job ? "jobs and images are not run here; name a script, or write a "
                                 "'command'"
                               : "the default command runs it; name a script, or write a "
                                 "'command'");
            continue;
        }
        const Place place = places[remark.what.chunk];
        if (remark.error) {
            findings.error(place, std::move(remark.what.message), std::move(remark.what.hint));
        } else {
            findings.warning(place, std::move(remark.what.message), std::move(remark.what.hint));
        }
    }
}

}  // namespace sweepctl
