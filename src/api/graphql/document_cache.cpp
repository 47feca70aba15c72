#include "api/graphql/document_cache.hpp"

#include <utility>

namespace sweepctl::graphql {

namespace {

/// About what a parsed document takes.
std::size_t size_of(std::string_view text, const syntax::Document& document) {
    constexpr std::size_t kBytesPerToken = 160;
    return text.size() + document.tokens * kBytesPerToken;
}

}  // namespace

std::shared_ptr<const syntax::Document> DocumentCache::find(std::string_view text) {
    const auto found = by_text_.find(text);
    if (found == by_text_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->document;
}

void DocumentCache::add(std::string_view text, std::shared_ptr<const syntax::Document> document) {
    const std::size_t bytes = size_of(text, *document);
    if (bytes > bytes_max_ || documents_max_ == 0 || by_text_.contains(text)) return;
    while (entries_.size() >= documents_max_ || bytes_ + bytes > bytes_max_)
        drop_oldest();
    entries_.push_front({std::string(text), std::move(document), bytes});
    by_text_.emplace(entries_.front().text, entries_.begin());
    bytes_ += bytes;
}

void DocumentCache::drop_oldest() {
    bytes_ -= entries_.back().bytes;
    by_text_.erase(entries_.back().text);
    entries_.pop_back();
}

}  // namespace sweepctl::graphql
