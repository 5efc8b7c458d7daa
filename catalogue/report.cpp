#include "catalogue/report.h"

#include <algorithm>
#include <map>

#include "pipeline/core/model.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

struct Paper {
    std::string folded, code, level, fonds, volume, year, retention, title;
    int pages = -1, items = -1;
};
struct Stored {
    bool held = false;
    std::int64_t pages = 0;
    bool listed = false; ///< Some row of the inventory names it.
};

/// What is counted for one line, before it becomes rates.
struct Sums {
    std::string title;
    std::int64_t items = 0, items_done = 0, held = 0;
    std::int64_t pages = 0, pages_done = 0, pages_unknown = 0;
    std::int64_t volumes = 0, volumes_done = 0, volumes_unknown = 0;
    std::int64_t volumes_without_items = 0; ///< Their items are not known: no rate of items.
};

/// A volume: what is known of it from its own row and from its items' rows.
struct Volume {
    const Paper* row = nullptr;
    std::string code, fonds, year, retention;
    std::int64_t items = 0, items_done = 0;
    std::int64_t pages = 0, pages_done = 0, pages_unknown = 0;
    std::int64_t stored_pages = 0, stored_items = 0; ///< Of items stored but not listed one by one.
};

std::string group_of(const std::string& by, const std::string& fonds, const std::string& year,
                     const std::string& retention) {
    return by == "fonds" ? fonds : by == "year" ? year : by == "retention" ? retention : std::string();
}

Rate rate(std::int64_t done, std::int64_t of, std::int64_t unknown, const char* none, const char* incomplete) {
    Rate r{done, of, "", unknown};
    if (unknown > 0) r.why = incomplete;
    else if (of == 0) r.why = none;
    return r;
}

ReportRow row_of(const std::string& key, const Sums& s) {
    ReportRow r;
    r.key = key;
    r.title = s.title;
    r.held = s.held;
    r.items = rate(s.items_done, s.items, s.volumes_without_items, "rates.no_items", "rates.volumes_without_items");
    r.pages = rate(s.pages_done, s.pages, s.pages_unknown, "rates.no_pages", "rates.pages_unknown");
    r.volumes = rate(s.volumes_done, s.volumes, s.volumes_unknown, "rates.no_volumes", "rates.volumes_unknown");
    return r;
}

/// 永久 first, then the longer periods, then what is no number of years; what is not given comes last.
bool period_less(const std::string& a, const std::string& b) {
    const auto rank = [](const std::string& s) -> std::pair<int, int> {
        if (s == "永久") return {0, 0};
        if (s == "长期") return {1, 0};
        if (!s.empty() && s[0] >= '0' && s[0] <= '9') return {1, 1000 - std::atoi(s.c_str())};
        if (s.empty()) return {9, 0};
        return {2, 0};
    };
    const auto x = rank(a), y = rank(b);
    return x != y ? x < y : a < b;
}

class Counter {
  public:
    Counter(Store& store, std::string by) : store_(store), by_(std::move(by)) {}

    Result<DigitizationReport> run() {
        RECTO_TRY(store_.database().guarded([&]() -> Result<void> {
            read();
            return {};
        }));
        gather();
        return report();
    }

  private:
    void read() {
        soci::session& sql = store_.database().session();
        Paper p;
        soci::statement st =
            (sql.prepare
                 << "select folded, code, level, fonds, volume_folded, year, retention, title, pages, items from "
                    "inventory",
             soci::into(p.folded), soci::into(p.code), soci::into(p.level), soci::into(p.fonds), soci::into(p.volume),
             soci::into(p.year), soci::into(p.retention), soci::into(p.title), soci::into(p.pages),
             soci::into(p.items));
        st.execute();
        while (st.fetch()) papers_.push_back(p);
        std::string code, state;
        int pages = 0;
        soci::statement items = (sql.prepare << "select folded, state, counted_pages from item", soci::into(code),
                                 soci::into(state), soci::into(pages));
        items.execute();
        while (items.fetch()) {
            ++out_.stored_items;
            out_.stored_pages += pages;
            if (code.empty()) {
                ++out_.provisional;
                ++out_.not_in_inventory;
                continue;
            }
            Stored& s = stored_[code]; // two items of one 档号: the better one counts
            s.held = state == "held" && s.pages == 0;
            s.pages = std::max<std::int64_t>(s.pages, pages);
        }
    }

    /// The volume whose 档号 begins an item's, where the sheet does not say it.
    std::string volume_by_code(const std::string& folded) const {
        for (std::size_t dash = folded.rfind('-'); dash != std::string::npos && dash > 0;
             dash = folded.rfind('-', dash - 1))
            if (volumes_.contains(folded.substr(0, dash))) return folded.substr(0, dash);
        return {};
    }

    void gather() {
        for (const Paper& p : papers_)
            if (p.level == "volume") {
                Volume& v = volumes_[p.folded];
                v.row = &p;
                v.code = p.code;
                v.fonds = p.fonds;
                v.year = p.year;
                v.retention = p.retention;
            }
        for (const Paper& p : papers_) {
            const auto scan = stored_.find(p.folded);
            if (scan != stored_.end()) scan->second.listed = true;
            if (p.level == "volume") continue;
            const bool done = scan != stored_.end() && !scan->second.held;
            const bool held = scan != stored_.end() && scan->second.held;
            const std::int64_t pages_done =
                done && p.pages >= 0 ? std::min<std::int64_t>(p.pages, scan->second.pages) : 0;
            for (Sums* s : {&total_, by_ == "item" ? &groups_[p.code] : group(p.fonds, p.year, p.retention)}) {
                if (!s) continue;
                ++s->items;
                s->items_done += done ? 1 : 0;
                s->held += held ? 1 : 0;
                s->pages += std::max(p.pages, 0);
                s->pages_done += pages_done;
                s->pages_unknown += p.pages < 0 ? 1 : 0;
            }
            if (by_ == "item") groups_[p.code].title = p.title;
            std::string volume = p.volume;
            if (volume.empty()) volume = volume_by_code(p.folded);
            if (volume.empty()) continue;
            Volume& v = volumes_[volume];
            if (v.items++ == 0 && !v.row) {
                v.code = volume;
                v.fonds = p.fonds;
                v.year = p.year;
                v.retention = p.retention;
            }
            v.items_done += done ? 1 : 0;
            v.pages += std::max(p.pages, 0);
            v.pages_done += pages_done;
            v.pages_unknown += p.pages < 0 ? 1 : 0;
        }
        // Items that are stored, but listed by their volume only.
        for (auto& [code, scan] : stored_) {
            if (scan.listed) continue;
            const std::string volume = volume_by_code(code);
            if (const auto v = volumes_.find(volume); !volume.empty() && v != volumes_.end() && v->second.items == 0) {
                scan.listed = true;
                ++v->second.stored_items;
                if (!scan.held) v->second.stored_pages += scan.pages;
            }
        }
        for (const auto& [code, scan] : stored_) out_.not_in_inventory += scan.listed ? 0 : 1;
        for (const auto& [folded, v] : volumes_) count(folded, v);
    }

    void count(const std::string& folded, const Volume& v) {
        // A volume delivered as one item carries its own 档号.
        const auto whole = stored_.find(folded);
        const bool as_one = v.items == 0 && whole != stored_.end();
        const std::int64_t expected = v.row ? v.row->pages : -1;
        std::int64_t scanned = v.stored_pages + (as_one && !whole->second.held ? whole->second.pages : 0);
        if (expected >= 0) scanned = std::min<std::int64_t>(scanned, expected);
        const bool judged = v.items > 0 || expected >= 0 || as_one || v.stored_items == 0;
        bool done = v.items > 0 ? v.items_done == v.items
                    : as_one    ? !whole->second.held
                                : expected > 0 && scanned >= expected;
        // The volume's own row may know of more items than are listed.
        if (v.items > 0 && v.row && v.row->items > v.items) done = false;
        for (Sums* s : {&total_, by_ == "volume" ? &groups_[v.code] : group(v.fonds, v.year, v.retention)}) {
            if (!s) continue;
            ++s->volumes;
            s->volumes_done += done ? 1 : 0;
            s->volumes_unknown += judged ? 0 : 1;
            if (v.items > 0 && by_ == "volume" && s != &total_) {
                s->items += v.items;
                s->items_done += v.items_done;
                s->pages += v.pages;
                s->pages_done += v.pages_done;
                s->pages_unknown += v.pages_unknown;
            }
            if (v.items > 0) continue;
            if (v.row && v.row->items >= 0) {
                s->items += v.row->items;
                s->items_done += as_one && done ? v.row->items : std::min<std::int64_t>(v.row->items, v.stored_items);
            } else {
                ++s->volumes_without_items;
            }
            if (expected >= 0) {
                s->pages += expected;
                s->pages_done += scanned;
            } else {
                ++s->pages_unknown;
            }
        }
        if (by_ == "volume" && v.row) groups_[v.code].title = v.row->title;
    }

    Sums* group(const std::string& fonds, const std::string& year, const std::string& retention) {
        if (by_ != "fonds" && by_ != "year" && by_ != "retention") return nullptr;
        return &groups_[group_of(by_, fonds, year, retention)];
    }

    DigitizationReport report() {
        out_.by = by_;
        out_.total = row_of("", total_);
        if (papers_.empty()) {
            for (Rate* r : {&out_.total.volumes, &out_.total.items, &out_.total.pages}) r->why = "rates.no_inventory";
            return std::move(out_);
        }
        for (const auto& [key, sums] : groups_) out_.rows.push_back(row_of(key, sums));
        std::stable_sort(out_.rows.begin(), out_.rows.end(), [&](const ReportRow& a, const ReportRow& b) {
            if (by_ == "retention") return period_less(a.key, b.key);
            if (a.key.empty() != b.key.empty()) return b.key.empty();
            return natural_less(a.key, b.key);
        });
        return std::move(out_);
    }

    Store& store_;
    std::string by_;
    std::vector<Paper> papers_;
    std::map<std::string, Stored> stored_; // by folded 档号
    std::map<std::string, Volume> volumes_;
    std::map<std::string, Sums> groups_;
    Sums total_;
    DigitizationReport out_;
};

} // namespace

Result<DigitizationReport> digitization_report(Store& store, const std::string& by) { return Counter(store, by).run(); }

Result<std::vector<PageClassCount>> page_classes(Store& store) {
    std::vector<PageClassCount> out;
    RECTO_TRY(store.database().guarded([&]() -> Result<void> {
        PageClassCount row;
        int counted = 0;
        long long pages = 0;
        soci::statement st =
            (store.database().session().prepare << "select class, counted, count(*) from page group by "
                                                   "class, counted order by counted desc, class",
             soci::into(row.page_class), soci::into(counted), soci::into(pages));
        st.execute();
        while (st.fetch()) {
            row.counted = counted != 0;
            row.pages = pages;
            out.push_back(row);
        }
        return {};
    }));
    return out;
}

} // namespace recto::catalogue
