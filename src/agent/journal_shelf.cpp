#include "agent/journal_shelf.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/base/log.hpp"

#include <utility>

namespace sweepctl {

JournalShelf::JournalShelf(std::string directory,
                           std::uint64_t bytes_max,
                           int null,
                           std::function<void(const std::string&)> on_begun)
    : directory_(std::move(directory)),
      bytes_max_(bytes_max),
      on_begun_(std::move(on_begun)),
      slots_{LowFd(null), LowFd(null)} {}

void JournalShelf::recover(const RecordSink& sink) {
    for (const std::uint64_t number : list_journals(directory_)) {
        const std::string path = journal_path(directory_, number);
        // Watched before it is read, so that nothing falls between the two.
        on_begun_(path);
        Journal& journal = journals_.try_emplace(number, path).first->second;
        last_ = number;
        read(number, journal, sink);
        drop_if_done(number);
    }
}

void JournalShelf::read_new(const RecordSink& sink) {
    for (auto& [number, journal] : journals_) {
        if (journal.writers != 0) read(number, journal, sink);
    }
}

void JournalShelf::read(std::uint64_t number, Journal& journal, const RecordSink& sink) {
    JournalChunk chunk = journal.reader.read_new();
    if (chunk.damaged != 0)
        log_warn("exit journal '", journal_path(directory_, number), "': ", chunk.damaged,
                 " damaged lines before byte ", journal.reader.offset(), ", ignoring them");
    for (JournalRecord& record : chunk.records)
        sink(number, std::move(record));
}

JournalShelf::Current JournalShelf::take() {
    if (!current_) {
        begin(last_ + 1);
    } else if (journals_.at(*current_).reader.offset() > bytes_max_) {
        // The slot of the next one is that of the one before. Nobody may still need it.
        const auto before = journals_.find(*current_ - 1);
        if (before == journals_.end() || before->second.launches == 0) {
            const std::uint64_t full = *current_;
            begin(full + 1);
            drop_if_done(full);
        }
    }
    Journal& journal = journals_.at(*current_);
    ++journal.runs;
    ++journal.writers;
    ++journal.launches;
    return {*current_, slots_[*current_ % 2].get()};
}

void JournalShelf::begin(std::uint64_t number) {
    const UniqueFd file = begin_journal(directory_, number);
    last_ = number;
    const std::string path = journal_path(directory_, number);
    journals_.try_emplace(number, path);
    on_begun_(path);
    slots_[number % 2].refer_to(file.get());
    current_ = number;
}

void JournalShelf::launched(std::uint64_t number) {
    Journal& journal = journals_.at(number);
    SWEEPCTL_CHECK(journal.launches > 0);
    --journal.launches;
}

void JournalShelf::add_writer(std::uint64_t number) {
    ++journals_.at(number).writers;
}

void JournalShelf::remove_writer(std::uint64_t number) {
    Journal& journal = journals_.at(number);
    SWEEPCTL_CHECK(journal.writers > 0);
    --journal.writers;
}

void JournalShelf::hold(std::uint64_t number) {
    ++journals_.at(number).runs;
}

void JournalShelf::release(std::uint64_t number) {
    Journal& journal = journals_.at(number);
    SWEEPCTL_CHECK(journal.runs > 0);
    --journal.runs;
    drop_if_done(number);
}

void JournalShelf::drop_if_done(std::uint64_t number) {
    const auto journal = journals_.find(number);
    if (number == current_ || journal == journals_.end() || journal->second.runs != 0) return;
    journals_.erase(journal);
    try {
        delete_journal(directory_, number);
    } catch (const std::exception& error) {
        log_warn(error.what(), ", ignoring");
    }
}

}  // namespace sweepctl
