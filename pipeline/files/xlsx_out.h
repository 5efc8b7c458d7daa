#pragma once

/// Workbooks (XLSX) of tables and forms, for people. One object serves one thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/core/result.h"

namespace recto {

class XlsxOut {
  public:
    struct Percent {
        double value; ///< 1 is 100 %.
    };
    using Cell = std::variant<std::string, double, Percent>; ///< Text stays text when a person edits it: 0025, 1-5.
    enum class Style { Plain, Heading, Form };               ///< Heading: bold; Form: framed cells to fill in.

    /// `created` goes into the file's properties; the same calls give the same bytes.
    explicit XlsxOut(std::chrono::system_clock::time_point created);
    ~XlsxOut();

    /// The rows that follow go there. Widths of columns in characters.
    void sheet(const std::string& name, const std::vector<double>& widths);
    void row(const std::vector<Cell>& cells, Style style = Style::Plain);
    /// The rows so far and the first column stay in sight.
    void freeze();
    /// One line across `columns` columns, in the middle.
    void title(const std::string& text, int columns);
    /// Rows of the sheet so far; a sheet holds 1,048,576.
    [[nodiscard]] std::uint32_t rows() const;

    /// The workbook. Once. Error: "io.write" (it passes through a temporary file).
    [[nodiscard]] Result<std::string> finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace recto
