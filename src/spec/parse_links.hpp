#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/findings.hpp"
#include "spec/yaml_node.hpp"

#include <map>
#include <string>
#include <vector>

namespace sweepctl {

/// `sweepctl.when` and `sweepctl.zip`: which parameters depend on others, and which vary together.
/// Fills `space.conditions` and `space.zips`; zips are to be read first.
class LinksReader {
public:
    /// `paths` are those of all parameters, also of the ones that are wrong and not in the space.
    LinksReader(const std::vector<std::vector<std::string>>& paths,
                SweepSpec& spec,
                Findings& findings);

    void read_zip(const YamlNode& groups);
    void read_when(const YamlNode& conditions, Place key_place);

private:
    struct Named {
        std::optional<std::size_t> index;  ///< in the space; nullopt: the parameter is wrong itself
    };

    void read_group(const YamlNode& names);
    void read_condition(const YamlNode::Entry& entry);
    void check_zipped_conditions();
    void put_in_order();
    void check_combinations(Place key_place);
    const Named* named(Place place, const std::string& name, const std::string& where);
    [[nodiscard]] std::string name_of(std::size_t parameter) const;

    SweepSpec& spec_;
    Findings& findings_;
    std::map<std::string, Named> parameters_;  ///< by dotted name
    std::vector<Place> places_;                ///< of each condition
    std::size_t unknown_ = 0;
};

}  // namespace sweepctl
