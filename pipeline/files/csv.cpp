#include "pipeline/files/csv.h"

#include <algorithm>
#include <array>

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include "pipeline/files/names.h"

namespace recto {

namespace {

bool is_formula_sign(std::string_view s) {
    if (s.empty()) return false;
    if (std::string_view("=+-@\t\r").find(s[0]) != std::string_view::npos) return true;
    const std::string_view wide = s.substr(0, 3);
    return wide == "＝" || wide == "＋" || wide == "－" || wide == "＠";
}

/// A run of apostrophes and then a formula sign: what csv_row adds to, and read_csv takes from.
bool is_guarded(std::string_view s) {
    const auto first = s.find_first_not_of('\'');
    return first != 0 && first != std::string_view::npos && is_formula_sign(s.substr(first));
}

/// Strict conversion; false when the bytes are not of that encoding.
bool convert(std::string_view bytes, const char* encoding, std::string& out) {
    UErrorCode status = U_ZERO_ERROR;
    UConverter* converter = ucnv_open(encoding, &status);
    if (U_FAILURE(status)) return false;
    ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    icu::UnicodeString text(bytes.data(), static_cast<std::int32_t>(bytes.size()), converter, status);
    ucnv_close(converter);
    if (U_FAILURE(status) || text.isBogus()) return false;
    text.toUTF8String(out);
    return true;
}

Result<std::string> to_utf8(std::string_view bytes, const std::string& file, std::string& encoding) {
    if (bytes.size() > (std::size_t{1} << 30)) return fail("catalogue.not_csv", "larger than 1 GiB", file);
    std::string out;
    const auto starts = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
    if (starts("PK\x03\x04") || starts("\xD0\xCF\x11\xE0"))
        return fail("catalogue.not_csv", "this is a workbook", file);
    if (starts("\xFF\xFE") || starts("\xFE\xFF")) {
        encoding = starts("\xFF\xFE") ? "UTF-16LE" : "UTF-16BE";
        if (!convert(bytes.substr(2), encoding.c_str(), out))
            return fail("catalogue.encoding", "not valid " + encoding, file);
        return out;
    }
    if (bytes.find('\0') != std::string_view::npos) return fail("catalogue.not_csv", "binary data", file);
    if (starts(kBom)) bytes.remove_prefix(kBom.size());
    encoding = "UTF-8";
    if (is_valid_utf8(bytes)) return std::string(bytes);
    encoding = "GB18030";
    if (!convert(bytes, "GB18030", out)) return fail("catalogue.encoding", "neither UTF-8 nor GB18030", file);
    return out;
}

/// The separator that the first record with text uses most outside quotes.
char guess_separator(std::string_view text) {
    std::array<int, 3> counts{};
    bool quoted = false, any = false;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '\n' || c == '\r') {
            if (any) break;
            counts = {};
            continue;
        }
        if (c == ',') ++counts[0];
        else if (c == ';') ++counts[1];
        else if (c == '\t') ++counts[2];
        else any = true;
    }
    const auto best = std::max_element(counts.begin(), counts.end());
    return *best == 0 ? ',' : ",;\t"[best - counts.begin()];
}

class Reader {
  public:
    Reader(std::string_view text, char separator) : text_(text), separator_(separator) {}

    /// Reads one record; false at the end. `open_quote_row` is set when a quote never closes.
    bool next(CsvRow& record) {
        if (pos_ >= text_.size()) return false;
        record = CsvRow{++row_, line_, {}, {}};
        while (true) {
            record.cells.push_back(cell(record));
            if (pos_ >= text_.size()) return true;
            const char c = text_[pos_++];
            if (c == separator_) {
                if (pos_ >= text_.size()) record.cells.emplace_back();
                if (pos_ >= text_.size()) return true;
                continue;
            }
            if (c == '\r' && pos_ < text_.size() && text_[pos_] == '\n') ++pos_;
            ++line_;
            return true;
        }
    }
    int open_quote_row = 0;

  private:
    std::string cell(CsvRow& record) {
        std::string value;
        if (pos_ < text_.size() && text_[pos_] == '"') {
            ++pos_;
            while (true) {
                if (pos_ >= text_.size()) {
                    open_quote_row = record.row;
                    return value;
                }
                const char c = text_[pos_++];
                if (c != '"') {
                    line_ += c == '\n' || (c == '\r' && (pos_ >= text_.size() || text_[pos_] != '\n')) ? 1 : 0;
                    value += c;
                } else if (pos_ < text_.size() && text_[pos_] == '"') {
                    value += '"';
                    ++pos_;
                } else {
                    break;
                }
            }
        }
        const std::size_t from = pos_;
        while (pos_ < text_.size() && text_[pos_] != separator_ && text_[pos_] != '\r' && text_[pos_] != '\n') ++pos_;
        // Text behind a closing quote: which of the two was meant cannot be known.
        const std::string_view rest = text_.substr(from, pos_ - from);
        if (from > 0 && text_[from - 1] == '"' && rest.find_first_not_of(" \t") != std::string_view::npos &&
            !value.empty())
            record.problem = "catalogue.bad_quote";
        if (rest.find_first_not_of(" \t") != std::string_view::npos || value.empty()) value += rest;
        if (is_guarded(value)) value.erase(0, 1);
        return value;
    }

    std::string_view text_;
    char separator_;
    std::size_t pos_ = 0;
    int row_ = 0, line_ = 1;
};

} // namespace

Result<CsvTable> read_csv(std::string_view bytes, const std::string& file) {
    CsvTable table;
    RECTO_ASSIGN(const std::string text, to_utf8(bytes, file, table.encoding));
    std::string_view rest = text;
    int skipped_rows = 0;
    if (rest.size() >= 5 && (rest.substr(0, 4) == "sep=" || rest.substr(0, 4) == "SEP=")) {
        const auto end = rest.find_first_of("\r\n");
        table.separator = rest[4];
        std::size_t from = end == std::string_view::npos ? rest.size() : end + 1;
        if (from < rest.size() && rest[from - 1] == '\r' && rest[from] == '\n') ++from;
        rest.remove_prefix(from);
        skipped_rows = 1;
    } else {
        table.separator = guess_separator(rest);
    }
    Reader reader(rest, table.separator);
    for (CsvRow row; reader.next(row);) {
        if (reader.open_quote_row != 0)
            return fail("catalogue.unclosed_quote",
                        "the quote opened in row " + std::to_string(reader.open_quote_row + skipped_rows) +
                            " never closes",
                        file, reader.open_quote_row + skipped_rows);
        row.row += skipped_rows;
        row.line += skipped_rows;
        const bool empty = std::all_of(row.cells.begin(), row.cells.end(), [](const std::string& c) {
            return c.find_first_not_of(" \t\r\n") == std::string::npos;
        });
        if (!empty) table.rows.push_back(std::move(row));
    }
    if (table.rows.empty()) return fail("catalogue.empty", "no row with text", file);
    return table;
}

std::string csv_row(const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) out += ',';
        std::string value = cells[i];
        if (is_formula_sign(value) || is_guarded(value)) value.insert(0, 1, '\'');
        const bool quote = value.find_first_of(",\"\r\n;\t") != std::string::npos ||
                           (!value.empty() && (value.front() == ' ' || value.back() == ' '));
        if (!quote) {
            out += value;
            continue;
        }
        out += '"';
        for (const char c : value) {
            if (c == '"') out += '"';
            out += c;
        }
        out += '"';
    }
    return out + "\r\n";
}

} // namespace recto
