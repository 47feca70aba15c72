#include "sweepctl/store/memory_store.hpp"

#include "records.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;

namespace {

Changes new_run(const std::string& id, std::uint64_t number) {
    Changes changes;
    if (number == 1) changes.new_sweeps = {make_sweep("s1")};
    changes.runs = {RunRow{make_run(id, "s1", number), true}};
    return changes;
}

}  // namespace

TEST_CASE("memory store: a crash loses what was not written, and keeps what was",
          "[store][memory]") {
    const auto disk = std::make_shared<MemoryDisk>(1);
    int told = 0;
    {
        MemoryStore store(disk, [] {});
        for (std::uint64_t number = 1; number <= 3; ++number) {
            store.commit(new_run("r" + std::to_string(number), number),
                         [&](std::optional<StoreError>) { ++told; });
        }
        CHECK(store.waiting() == 3);
        store.write(2);
        CHECK(store.waiting() == 1);
    }
    CHECK(told == 0);
    MemoryStore next(disk, [] {});
    const Snapshot snapshot = next.load();
    REQUIRE(snapshot.runs.size() == 2);
    CHECK(snapshot.runs[1].id == RunId("r2"));
    CHECK(disk->commits == 2);
}

TEST_CASE("memory store: a full disk refuses, and takes it when there is room", "[store][memory]") {
    const auto disk = std::make_shared<MemoryDisk>(1);
    int woken = 0;
    MemoryStore store(disk, [&] { ++woken; });
    disk->full = true;
    std::optional<StoreError> refused;
    store.commit(new_run("r1", 1), [&](std::optional<StoreError> error) { refused = error; });
    CHECK(woken == 1);
    store.poll();
    REQUIRE(refused);
    CHECK(refused->full);
    disk->full = false;
    bool done = false;
    store.commit(refused->changes, [&](std::optional<StoreError> error) { done = !error; });
    store.poll();
    CHECK(done);
    CHECK(disk->runs.size() == 1);
}
