#include "sweepctl/cli/daemon_entry.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/fsck.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace sweepctl {

int run_fsck(const std::string& home, bool json) {
    std::vector<FsckFinding> findings;
    try {
        findings = fsck({home + "/sweepctl.db", home});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sweepctl: %s\n", error.what());
        return 1;
    }
    if (json) {
        ParamList list;
        for (const FsckFinding& finding : findings) {
            list.emplace_back(
                ParamMap{{"what", finding.what}, {"id", finding.id}, {"detail", finding.detail}});
        }
        std::printf("%s\n", to_json(list).c_str());
    } else {
        for (const FsckFinding& finding : findings) {
            std::printf("%s %s: %s\n", finding.what.c_str(), finding.id.c_str(),
                        finding.detail.c_str());
        }
        if (findings.empty()) std::printf("nothing wrong\n");
    }
    return findings.empty() ? 0 : 1;
}

}  // namespace sweepctl
