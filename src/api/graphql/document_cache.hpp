#pragma once

#include "api/graphql/document.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sweepctl::graphql {

/// Valid documents by their text: a client sends the same ones all the time. The least recently
/// used go first.
class DocumentCache {
public:
    DocumentCache(std::size_t documents_max, std::size_t bytes_max)
        : documents_max_(documents_max), bytes_max_(bytes_max) {}

    /// Null when it is not there.
    [[nodiscard]] std::shared_ptr<const syntax::Document> find(std::string_view text);
    void add(std::string_view text, std::shared_ptr<const syntax::Document> document);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string text;
        std::shared_ptr<const syntax::Document> document;  // Shared with who is planning from it.
        std::size_t bytes = 0;
    };
    void drop_oldest();

    const std::size_t documents_max_;
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::list<Entry> entries_;  // The newest in front.
    std::unordered_map<std::string_view, std::list<Entry>::iterator>
        by_text_;  // Views of entries_.
};

}  // namespace sweepctl::graphql
