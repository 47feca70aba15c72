#include "table.hpp"

#include "sweepctl/base/check.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <stdexcept>

#include <zlib.h>

namespace sweepctl::bench {

namespace {

std::string unpacked(const std::string& path) {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::string text;
    std::array<char, 65536> buffer{};
    int got = 0;
    while ((got = gzread(file.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0) throw std::runtime_error(path + " is damaged");
    return text;
}

}  // namespace

const std::vector<double>& Table::cell(const std::vector<ParamValue>& values) const {
    std::size_t index = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::size_t level = 0;
        if (const auto* number = values[i].get_if<std::int64_t>()) {
            level = static_cast<std::size_t>(*number);
        } else {
            const auto& words = levels[i];
            level = static_cast<std::size_t>(
                std::find(words.begin(), words.end(), *values[i].get_if<std::string>()) -
                words.begin());
        }
        SWEEPCTL_CHECK(level < levels[i].size());
        index = index * levels[i].size() + level;
    }
    return cells[index];
}

Table read_table(const std::string& file) {
    std::istringstream text(unpacked(std::string(SWEEPCTL_SEARCH_DATA) + "/" + file));
    Table table;
    std::string line;
    while (std::getline(text, line)) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        if (kind == "cells") break;
        std::string name;
        words >> name;
        std::vector<std::string>& levels = table.levels.emplace_back();
        for (std::string word; words >> word;)
            levels.push_back(word);
        if (kind == "levels") {
            table.space.parameters.push_back(
                {{name}, IntUniform{0, static_cast<std::int64_t>(levels.size()) - 1}});
        } else {
            Categorical choice;
            choice.values.assign(levels.begin(), levels.end());
            table.space.parameters.push_back({{name}, std::move(choice)});
        }
    }
    while (std::getline(text, line)) {
        std::istringstream numbers(line);
        std::vector<double>& cell = table.cells.emplace_back();
        for (double value = 0; numbers >> value;)
            cell.push_back(value);
    }
    return table;
}

}  // namespace sweepctl::bench
