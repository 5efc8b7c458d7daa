// Separator sheets against the catalogue: which are missing, where the pages behind them went, which are too many.

#include <algorithm>
#include <map>
#include <optional>

#include "catalogue/reconcile.h"
#include "pipeline/files/codes.h"

namespace recto::catalogue {

namespace {

constexpr std::size_t kNamed = 12; ///< 档号 that a sentence names before it says how many more.

/// A scanned item with the sheets that lie in it. Pages are indices into ScannedItem::pages.
struct Stack {
    int sheets = 0;
    std::vector<std::size_t> further; ///< Where each sheet after the first lies.
    std::vector<std::size_t> unread;  ///< Sheets that could not be read.
    bool foreign = false;             ///< Its row belongs to another box than the delivery's other sheets.
};

/// A delivery with at least one sheet.
struct Delivery {
    std::string name;
    std::vector<int> items; ///< In order of their pages.
    int sheets = 0;
    int lead = -1; ///< The item without 档号 whose pages lie before the first sheet.
    int rows = 0;  ///< Rows of the catalogue that belong to it.
    std::vector<std::string> without, extra;
};

/// What holds rows together on the shelf: a box, else a volume; `key` empty when the catalogue says neither.
struct Shelf {
    std::string key, label;
};
Shelf shelf_of(const Entry& entry) {
    const Grouping g = grouping_of(entry);
    if (const auto box = entry.fields.find("box_number"); box != entry.fields.end() && !box->second.empty())
        return {"box|" + g.fonds + "|" + g.year + "|" + g.retention + "|" + fold_code(box->second), box->second};
    return g.volume.empty() ? Shelf{} : Shelf{"volume|" + fold_code(g.volume), g.volume};
}

Stack stack_of(const ScannedItem& item) {
    Stack out;
    for (std::size_t i = 0; i < item.pages.size(); ++i) {
        if (item.pages[i].unread) out.unread.push_back(i);
        // Sheets in a row are one: front and back of the same leaf, printed on both.
        if (!item.pages[i].sheet || (i > 0 && item.pages[i - 1].sheet)) continue;
        if (out.sheets++ > 0) out.further.push_back(i);
    }
    return out;
}

class Check {
  public:
    Check(const Catalogue& catalogue, const Reconciliation& r, const std::vector<ScannedItem>& scanned)
        : entries_(catalogue.entries()), rows_(r.items), scanned_(scanned) {
        for (const Entry& e : entries_) shelves_.push_back(shelf_of(e));
    }
    std::vector<SheetRemark> run() {
        collect();
        if (deliveries_.empty()) return {};
        find_foreign();
        for (std::size_t i = 0; i < entries_.size();) {
            if (!missing(i)) {
                ++i;
                continue;
            }
            std::size_t end = i + 1;
            while (end < entries_.size() && missing(end) && shelves_[end].key == shelves_[i].key) ++end;
            explain(i, end);
            i = end;
        }
        for (Delivery& d : deliveries_) close(d);
        return std::move(out_);
    }

  private:
    [[nodiscard]] bool missing(std::size_t row) const {
        return entries_[row].level != "volume" && rows_[row].scanned < 0;
    }
    [[nodiscard]] const ScannedItem& item(int i) const { return scanned_[static_cast<std::size_t>(i)]; }
    [[nodiscard]] Stack& stack(int i) { return stacks_[static_cast<std::size_t>(i)]; }
    [[nodiscard]] Delivery* delivery_of(int i) {
        const auto at = std::ranges::find(deliveries_, item(i).delivery, &Delivery::name);
        return at == deliveries_.end() ? nullptr : &*at;
    }
    void tell(const char* code, std::vector<std::string> args, const std::string& row, int about) {
        SheetRemark r;
        r.finding.code = code;
        r.finding.severity = Severity::Warning;
        r.finding.args = std::move(args);
        r.code = row;
        r.scanned = about;
        out_.push_back(std::move(r));
    }

    void collect() {
        std::map<std::string, std::size_t> known;
        for (const ScannedItem& s : scanned_) stacks_.push_back(stack_of(s));
        for (std::size_t i = 0; i < scanned_.size(); ++i)
            if (stacks_[i].sheets > 0 && known.emplace(scanned_[i].delivery, deliveries_.size()).second)
                deliveries_.emplace_back().name = scanned_[i].delivery;
        for (std::size_t i = 0; i < scanned_.size(); ++i) {
            const auto at = known.find(scanned_[i].delivery);
            if (at == known.end()) continue;
            Delivery& d = deliveries_[at->second];
            if (d.items.empty() && scanned_[i].code.empty() && stacks_[i].sheets == 0 && scanned_[i].counted > 0)
                d.lead = static_cast<int>(i);
            d.items.push_back(static_cast<int>(i));
            d.sheets += stacks_[i].sheets;
        }
        for (std::size_t row = 0; row < entries_.size(); ++row)
            if (rows_[row].scanned >= 0) row_of_[rows_[row].scanned] = row;
    }

    /// Sheets of another box: few among many of one box, and most of their own box lies elsewhere.
    void find_foreign() {
        std::map<std::string, int> rows_on;
        for (const Shelf& s : shelves_) ++rows_on[s.key];
        for (Delivery& d : deliveries_) {
            std::map<std::string, int> here;
            for (const int i : d.items)
                if (const auto row = row_of_.find(i); row != row_of_.end() && stack(i).sheets > 0)
                    ++here[shelves_[row->second].key];
            if (here.size() < 2 || here.contains("")) continue;
            const auto most = std::ranges::max_element(here, {}, [](const auto& h) { return h.second; });
            for (const int i : d.items) {
                const auto row = row_of_.find(i);
                if (row == row_of_.end() || stack(i).sheets == 0) continue;
                const Shelf& own = shelves_[row->second];
                const int few = here[own.key];
                if (own.key == most->first || few * 2 > most->second || few * 2 > rows_on[own.key]) continue;
                stack(i).foreign = true;
                const auto other = std::ranges::find(shelves_, most->first, &Shelf::key);
                tell("reconcile.sheet_foreign", {item(i).name, d.name, own.label, other->label}, "", i);
                d.extra.push_back(item(i).name);
            }
        }
    }

    /// The scanned item of the row beside a gap, when a sheet of this box began it; -1 when none did.
    int anchor(std::size_t row, std::size_t gap) {
        if (shelves_[row].key != shelves_[gap].key) return -1;
        const int i = rows_[row].scanned;
        return i >= 0 && stack(i).sheets > 0 && !stack(i).foreign ? i : -1;
    }

    /// Rows [first, end) have no item: where did their pages go?
    void explain(std::size_t first, std::size_t end) {
        std::size_t left = first, right = end;
        while (left > 0 && entries_[left - 1].level == "volume") --left;
        while (right < entries_.size() && entries_[right].level == "volume") ++right;
        const int before = left > 0 ? anchor(left - 1, first) : -1;
        const int after = right < entries_.size() ? anchor(right, first) : -1;
        if (before >= 0) first += hidden_behind(before, after, first, end);
        if (after >= 0 && first < end) end -= hidden_before(after, first, end);
        if (first == end) return;
        Delivery* d = before >= 0 ? delivery_of(before) : after >= 0 ? delivery_of(after) : nullptr;
        if (d == nullptr || (before >= 0 && after >= 0 && delivery_of(after) != d)) return;
        const bool between = before >= 0 && after >= 0;
        if ((!between && shelves_[first].key.empty()) || d->sheets < 2) return;
        if (end - first > static_cast<std::size_t>(d->sheets)) return;
        for (std::size_t row = first; row < end; ++row) {
            lost(*d, row);
            tell("reconcile.sheet_absent",
                 {entries_[row].code, d->name, item(between || before >= 0 ? before : after).name}, entries_[row].code,
                 -1);
        }
    }

    void lost(Delivery& d, std::size_t row) {
        ++d.rows;
        d.without.push_back(entries_[row].code);
    }

    /// How many of the rows lie behind the pages of `before`, by its second or unreadable sheets and by its pages too many.
    std::size_t hidden_behind(int before, int after, std::size_t first, std::size_t end) {
        const ScannedItem& a = item(before);
        const ReconciledItem& own = rows_[row_of_.at(before)];
        Delivery& d = *delivery_of(before);
        Stack& s = stack(before);
        const bool again = std::ranges::any_of(a.findings, [](const Finding& f) {
            return f.code == "group.code_again";
        }); // its place is behind another item
        const auto place = [&](std::size_t page) {
            return std::vector<std::string>{std::to_string(a.pages[page].order), a.pages[page].file};
        };
        int surplus = own.expected < 0 ? 0 : a.counted - own.expected - static_cast<int>(s.unread.size());
        int need = own.expected < 0 ? -1 : own.expected; // counted pages before the row's own
        const bool open = own.expected < 0 && after >= 0 && delivery_of(after) == &d &&
                          end - first <= static_cast<std::size_t>(d.sheets);
        std::size_t row = first;
        for (; row < end; ++row) {
            const std::string& code = entries_[row].code;
            std::vector<std::string> args{code, d.name, a.name};
            const auto add = [&](std::vector<std::string> more) { args.insert(args.end(), more.begin(), more.end()); };
            if (!again && !s.further.empty()) {
                add(place(s.further.front()));
                s.further.erase(s.further.begin());
                tell("reconcile.sheet_other", args, code, before);
            } else if (!s.unread.empty()) {
                add(place(s.unread.front()));
                s.unread.erase(s.unread.begin());
                tell("reconcile.sheet_unread", args, code, before);
            } else if (surplus > 0 && need > 0) {
                std::size_t page = 0;
                for (int n = 0; page < a.pages.size(); ++page)
                    if (a.pages[page].counts && ++n == need) break;
                add(place(std::min(page, a.pages.size() - 1)));
                add({std::to_string(a.counted), std::to_string(own.expected)});
                tell("reconcile.sheet_hidden", args, code, before);
            } else if (open) {
                add({std::to_string(a.counted)});
                tell("reconcile.sheet_hidden_unsure", args, code, before);
            } else break;
            lost(d, row);
            const int pages = rows_[row].expected;
            need = need < 0 || pages < 0 ? -1 : need + pages;
            surplus = pages < 0 ? 0 : surplus - pages;
        }
        return row - first;
    }

    /// How many of the last rows lie before the first sheet of the delivery that `after` begins.
    std::size_t hidden_before(int after, std::size_t first, std::size_t end) {
        Delivery& d = *delivery_of(after);
        if (d.lead < 0 || d.items.size() < 2 || d.items[1] != after) return 0;
        int pages = item(d.lead).counted;
        std::size_t row = end;
        while (row > first && pages > 0) {
            --row;
            pages = rows_[row].expected < 0 ? 0 : pages - rows_[row].expected;
        }
        for (std::size_t k = row; k < end; ++k) {
            lost(d, k);
            tell("reconcile.sheet_first",
                 {entries_[k].code, d.name, item(d.lead).name, std::to_string(item(d.lead).counted)}, entries_[k].code,
                 d.lead);
        }
        return end - row;
    }

    /// Sheets too many, and the sum of the delivery.
    void close(Delivery& d) {
        int stacks = 0;
        bool known = false;
        for (const int i : d.items) {
            const Stack& s = stack(i);
            if (s.sheets == 0) continue;
            ++stacks;
            const bool listed = row_of_.contains(i);
            known = known || listed;
            if (listed && !s.foreign) ++d.rows;
            if (!listed) d.extra.push_back(item(i).name);
            if (s.further.empty()) continue;
            d.extra.push_back(item(i).name);
            const ScannedItem& a = item(i);
            if (std::ranges::any_of(a.findings, [](const Finding& f) { return f.code == "group.code_again"; }))
                continue;
            if (!a.code.empty())
                tell("reconcile.sheet_twice",
                     {a.name, d.name, std::to_string(a.pages[s.further[0]].order), a.pages[s.further[0]].file}, "", i);
        }
        if (!known) return count_of_uncoded(d);
        if ((d.without.empty() && d.extra.empty()) || (stacks < 2 && d.without.empty())) return;
        const auto list = [](const std::vector<std::string>& codes) {
            std::string text;
            for (std::size_t i = 0; i < std::min(codes.size(), kNamed); ++i) text += (i ? ", " : "") + codes[i];
            if (codes.size() > kNamed) text += ", … (" + std::to_string(codes.size()) + ")";
            return codes.empty() ? std::string("–") : text;
        };
        tell("reconcile.sheets",
             {d.name, std::to_string(d.sheets), std::to_string(d.rows), list(d.without), list(d.extra)}, "", -1);
    }

    /// Sheets without a code (patch T) in a folder named as a box or volume of the catalogue: only the numbers compare.
    void count_of_uncoded(const Delivery& d) {
        const std::string name = fold_code(d.name.substr(d.name.rfind('/') + 1));
        int rows = 0, items = 0;
        for (std::size_t row = 0; row < entries_.size(); ++row)
            rows += entries_[row].level != "volume" && !name.empty() && fold_code(shelves_[row].label) == name;
        for (const int i : d.items) {
            if (!item(i).code.empty()) return; // codes that are not in the catalogue are told one by one
            items += item(i).counted > 0;
        }
        if (rows > 0 && rows != items)
            tell("reconcile.sheets_uncoded", {d.name, std::to_string(items), std::to_string(rows)}, "", -1);
    }

    const std::vector<Entry>& entries_;
    const std::vector<ReconciledItem>& rows_;
    const std::vector<ScannedItem>& scanned_;
    std::vector<Shelf> shelves_;
    std::vector<Stack> stacks_;
    std::vector<Delivery> deliveries_;
    std::map<int, std::size_t> row_of_; ///< Scanned item -> row.
    std::vector<SheetRemark> out_;
};

} // namespace

std::vector<SheetRemark> check_sheets(const Catalogue& catalogue, const Reconciliation& r,
                                      const std::vector<ScannedItem>& scanned) {
    if (catalogue.entries().empty()) return {};
    return Check(catalogue, r, scanned).run();
}

} // namespace recto::catalogue
