#pragma once

/// A CSV file with a row for each change of a page, by items: how `recto correct` and `recto treat` read one, apply it
/// item by item, and tell what became of each row.

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/amend_workshop.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/csv.h"

namespace recto::cli {

/// A column by the words that its heading may contain, lower case; `index` -1 where the file has none.
struct RowColumn {
    const char* name;
    std::vector<std::string_view> words;
    bool needed = false;
    int index = -1;
};

/// Finds the columns, each by its first heading that no earlier column took. Error "<code>" with the name of the first
/// that is needed and missing.
inline Result<void> find_row_columns(std::vector<RowColumn>& columns, const CsvTable& table, const char* code,
                                     const std::string& file) {
    const auto& heading = table.rows.empty() ? std::vector<std::string>() : table.rows.front().cells;
    std::vector<bool> taken(heading.size(), false);
    for (RowColumn& column : columns) {
        for (std::size_t i = 0; i < heading.size() && column.index < 0; ++i) {
            std::string lower = heading[i];
            std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
                return c < 128 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
            });
            const bool has = std::any_of(column.words.begin(), column.words.end(),
                                         [&](auto w) { return lower.find(w) != std::string::npos; });
            if (taken[i] || !has) continue;
            column.index = static_cast<int>(i);
            taken[i] = true;
        }
        if (column.needed && column.index < 0) return fail(code, column.name, file);
    }
    return {};
}

inline std::string cell_of(const CsvRow& row, const RowColumn& column) {
    return column.index >= 0 && column.index < static_cast<int>(row.cells.size())
               ? row.cells[static_cast<std::size_t>(column.index)]
               : std::string();
}

/// What one kind of file has of its own. `Row` has members `row` and `who`.
template <class Row> struct RowFile {
    const char* name;     ///< Of the command and its event.
    const char* messages; ///< Their family: "<messages>.applied", ".already", ".done".
    bool scans;           ///< Pages are treated and read.
    std::string (*item_of)(const CsvRow&, const std::vector<RowColumn>&);
    bool (*filled_in)(const CsvRow&, const std::vector<RowColumn>&);
    Row (*make)(const CsvRow&, const std::vector<RowColumn>&);
    Result<amend::Outcome> (*apply)(amend::Workshop&, const amend::Request&, const std::vector<Row>&,
                                    std::vector<amend::Refusal>&);
};

/// Rows of one item are applied all or none; what was applied stays when a later item fails, and the file can be given
/// again. `as_option`: the rows come from the command line, and this says a refusal by its option.
template <class Row>
int apply_row_file(const AmendArguments& a, const RowFile<Row>& kind, const std::vector<CsvRow>& table,
                   const std::vector<RowColumn>& columns, Finding (*as_option)(const amend::Refusal&) = nullptr) {
    const std::string messages = kind.messages;
    auto workshop = OpenWorkshop::open(a, std::string("recto ") + kind.name, kind.scans);
    if (!workshop) return report_error(workshop.error());
    std::vector<amend::Refusal> refused;
    int empty = 0, applied = 0, items = 0;
    std::vector<std::string> order;
    std::map<std::string, std::vector<Row>> by_item;
    std::map<std::string, std::vector<amend::Refusal>> bad; // rows that are refused before the item is looked at
    const auto refusal = [](const CsvRow& row, const char* code, std::vector<std::string> args) {
        args.insert(args.begin(), std::to_string(row.row));
        return amend::Refusal{row.row, {code, Severity::Error, std::move(args), false, {}}};
    };
    for (const CsvRow& row : table) {
        if (row.problem.empty() && !kind.filled_in(row, columns)) {
            ++empty;
            continue;
        }
        const std::string wanted = kind.item_of(row, columns);
        const auto id = (*workshop)->find(wanted);
        if (!id) {
            refused.push_back(refusal(row, "correct.no_item", {wanted}));
            continue;
        }
        if (std::find(order.begin(), order.end(), *id) == order.end()) order.push_back(*id);
        Row made = kind.make(row, columns);
        if (made.who.empty()) made.who = a.who;
        if (!row.problem.empty()) bad[*id].push_back(refusal(row, "correct.bad_row", {}));
        else if (made.who.empty()) bad[*id].push_back(refusal(row, "correct.no_who", {}));
        by_item[*id].push_back(std::move(made));
    }
    nlohmann::json results = nlohmann::json::array();
    for (const std::string& id : order) {
        std::vector<amend::Refusal> why = bad[id];
        const auto& rows = by_item[id];
        std::string shown = id;
        if (why.empty()) {
            const auto out = kind.apply((*workshop)->shop(), {id, a.who, a.reason, false}, rows, why);
            if (!out) return report_error(out.error());
            shown = out->name;
            if (why.empty()) {
                (*workshop)->record(kind.name, *out, {{"pages", out->pages}, {"rows", rows.size()}});
                applied += static_cast<int>(rows.size());
                ++items;
                std::fprintf(
                    stderr, "%s\n",
                    out->already
                        ? tr(messages + ".already", out->name).c_str()
                        : tr(messages + ".applied", out->name, std::to_string(rows.size()), out->version).c_str());
                if (kind.scans) tell(*out);
                results.push_back(outcome_json(*out));
            }
        }
        if (!why.empty() && rows.size() > why.size())
            std::fprintf(stderr, "%s\n",
                         tr("correct.with_others", shown, std::to_string(rows.size() - why.size())).c_str());
        refused.insert(refused.end(), why.begin(), why.end());
    }
    std::stable_sort(refused.begin(), refused.end(), [](const auto& x, const auto& y) { return x.row < y.row; });
    nlohmann::json refusals = nlohmann::json::array();
    for (const auto& r : refused) {
        const Finding why = as_option ? as_option(r) : r.why;
        const std::string sentence = ui_language() == Language::Chinese ? why.chinese() : why.english();
        if (as_option) std::fprintf(stderr, "recto: %s\n", sentence.c_str());
        else std::fprintf(stderr, "recto: %s: %s\n", a.file.c_str(), sentence.c_str());
        refusals.push_back({{"row", r.row}, {"code", why.code}, {"message", why.english()}, {"args", why.args}});
    }
    std::fprintf(stderr, "%s\n",
                 tr(messages + ".done", std::to_string(applied), std::to_string(items), std::to_string(refused.size()),
                    std::to_string(empty))
                     .c_str());
    if (a.json)
        std::printf("%s\n",
                    nlohmann::json{{"schema", 1}, {"items", results}, {"refused", refusals}, {"not_filled_in", empty}}
                        .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                        .c_str());
    return refused.empty() ? kDone : kSomeFailed;
}

/// Reads the file and finds its columns; the rows without the heading.
inline Result<std::vector<CsvRow>> read_row_file(const std::string& file, std::vector<RowColumn>& columns,
                                                 const char* code) {
    RECTO_ASSIGN(const auto bytes, posix_file_system()->read(file));
    RECTO_ASSIGN(auto table, read_csv(bytes, file));
    RECTO_TRY(find_row_columns(columns, table, code, file));
    table.rows.erase(table.rows.begin());
    return std::move(table.rows);
}

} // namespace recto::cli
