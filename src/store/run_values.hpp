#pragma once

#include "sweepctl/store/run_filter.hpp"

#include "store/read_session.hpp"
#include "store/run_json.hpp"
#include "store/sqlite.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// The columns of `runs` that a scan reads beyond those it always does: each costs something for
/// every run there is.
struct ValueColumns {
    bool fields = false;
    bool config = false;
    bool summary = false;

    /// What these keys need.
    [[nodiscard]] static ValueColumns of(const std::vector<RunKey*>& keys);
    [[nodiscard]] static ValueColumns all() { return {true, true, true}; }
    /// The columns to select.
    [[nodiscard]] std::string sql() const;
};

/// The values of one run after the other, as filters and sort keys name them, read from its row and
/// from what its W&B client said as far as they are asked for.
class RowValues final : public RunValues {
public:
    /// The row must have the columns of `columns`, from 0 on. All three must outlive this.
    RowValues(ReadSession& session, const sqlite::Rows& row, ValueColumns columns);

    /// The row has moved on to another run, which is of `sweep`.
    void next_run(const SweepNames& sweep);
    /// Who owns the runs that name nobody.
    void set_user(std::string user) { user_ = std::move(user); }
    [[nodiscard]] const ParamValue* value(const RunKey& key) const override;

    [[nodiscard]] std::int64_t key() const;
    [[nodiscard]] std::uint64_t number() const;
    [[nodiscard]] std::string_view state() const;
    /// Key of the run's sweep.
    [[nodiscard]] std::int64_t sweep_key() const;
    [[nodiscard]] ParamMap config() const;
    [[nodiscard]] ParamMap summary() const;
    [[nodiscard]] bool has_parameter(const std::string& name) const;
    [[nodiscard]] bool has_metric(const std::string& name) const;

private:
    /// A key that was asked for before, by address: keys live as long as their filter.
    struct Known {
        const RunKey* key = nullptr;
        int field = -1;  ///< of kFields; of those keys only
        bool read = false;
        bool there = false;
        ParamValue value;
    };
    [[nodiscard]] Known& known(const RunKey& key) const;
    [[nodiscard]] bool find(const RunKey& key, int field, ParamValue& value) const;
    [[nodiscard]] bool find_field(int field, ParamValue& value) const;
    [[nodiscard]] bool find_detail(int field, ParamValue& value) const;
    [[nodiscard]] bool find_parameter(const std::string& name, ParamValue& value) const;
    [[nodiscard]] bool find_metric(const std::string& name, ParamValue& value) const;
    [[nodiscard]] std::optional<std::int64_t> time(int column) const;
    [[nodiscard]] std::string_view config_text() const;
    [[nodiscard]] std::string_view summary_text() const;
    /// The row of the run at hand, by its key.
    [[nodiscard]] sqlite::Rows look_up(sqlite::Statement*& statement, std::string_view sql) const;

    ReadSession& session_;
    const sqlite::Rows& row_;
    int fields_at_ = 0;
    int config_at_ = 0;
    int summary_at_ = 0;
    const SweepNames* sweep_ = nullptr;
    std::string user_;
    // Of the session, once they were needed.
    mutable sqlite::Statement* wire_name_ = nullptr;
    mutable sqlite::Statement* client_summary_ = nullptr;
    mutable sqlite::Statement* client_config_ = nullptr;
    mutable sqlite::Statement* details_ = nullptr;
    mutable std::deque<Known> known_;  // Its values are pointed to.
};

}  // namespace sweepctl
