#include "sweepctl/spec/sweep_spec.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

using namespace sweepctl;
namespace fs = std::filesystem;

namespace {

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    return content.str();
}

}  // namespace

// Each folder of golden/ holds a broken sweep.yaml and the stderr that people see for it.
// UPDATE_GOLDEN=1 rewrites the latter; look at the difference before it is committed.
TEST_CASE("golden: what people read about a broken spec", "[spec][golden]") {
    std::set<fs::path> cases;
    for (const auto& entry : fs::directory_iterator(GOLDEN_DIR))
        cases.insert(entry.path());
    REQUIRE(cases.size() >= 10);
    const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
    for (const fs::path& folder : cases) {
        CAPTURE(folder.filename().string());
        const std::string text = content_of(folder / "sweep.yaml");
        REQUIRE(!text.empty());
        const ParsedSpec parsed = parse_spec(text);
        CHECK(!parsed.spec);
        const std::string shown = render(parsed.diagnostics, "sweep.yaml", text);
        if (update) std::ofstream(folder / "stderr", std::ios::binary) << shown;
        CHECK(shown == content_of(folder / "stderr"));
    }
}
