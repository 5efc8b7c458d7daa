#include "pipeline/files/xlsx_out.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>
#include <xlsxwriter.h>

namespace recto {

struct XlsxOut::State {
    std::string path; // empty when none could be made
    lxw_workbook* book = nullptr;
    lxw_worksheet* sheet = nullptr;
    lxw_row_t row = 0;
    lxw_format *text = nullptr, *number = nullptr, *percent = nullptr, *heading = nullptr, *form = nullptr,
               *title = nullptr;
};

XlsxOut::XlsxOut(std::chrono::system_clock::time_point created) : state_(std::make_unique<State>()) {
    std::error_code none;
    std::string path = (std::filesystem::temp_directory_path(none) / "recto-XXXXXX").string();
    const int file = ::mkstemp(path.data());
    if (file < 0) return;
    ::close(file);
    state_->path = path;
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE; // rows go out as they come
    state_->book = workbook_new_opt(path.c_str(), &options);
    if (state_->book == nullptr) return;
    lxw_doc_properties properties{};
    properties.created = std::chrono::system_clock::to_time_t(created);
    workbook_set_properties(state_->book, &properties);
    state_->text = workbook_add_format(state_->book);
    format_set_num_format(state_->text, "@");
    state_->number = workbook_add_format(state_->book);
    state_->percent = workbook_add_format(state_->book);
    format_set_num_format(state_->percent, "0.00%");
    state_->heading = workbook_add_format(state_->book);
    format_set_bold(state_->heading);
    state_->form = workbook_add_format(state_->book);
    format_set_num_format(state_->form, "@");
    format_set_border(state_->form, LXW_BORDER_THIN);
    format_set_text_wrap(state_->form);
    format_set_align(state_->form, LXW_ALIGN_VERTICAL_CENTER);
    state_->title = workbook_add_format(state_->book);
    format_set_bold(state_->title);
    format_set_font_size(state_->title, 16);
    format_set_align(state_->title, LXW_ALIGN_CENTER);
}

XlsxOut::~XlsxOut() {
    if (state_->book != nullptr) (void)workbook_close(state_->book);
    if (!state_->path.empty()) (void)::unlink(state_->path.c_str());
}

void XlsxOut::sheet(const std::string& name, const std::vector<double>& widths) {
    if (state_->book == nullptr) return;
    state_->sheet = workbook_add_worksheet(state_->book, name.c_str());
    state_->row = 0;
    if (state_->sheet == nullptr) return;
    lxw_col_t column = 0;
    for (const double width : widths) {
        worksheet_set_column(state_->sheet, column, column, width, nullptr);
        ++column;
    }
}

void XlsxOut::row(const std::vector<Cell>& cells, Style style) {
    if (state_->sheet == nullptr) return;
    lxw_format* const text = style == Style::Heading ? state_->heading
                             : style == Style::Form  ? state_->form
                                                     : state_->text;
    if (style == Style::Form) worksheet_set_row(state_->sheet, state_->row, 32, nullptr);
    lxw_col_t column = 0;
    for (const Cell& cell : cells) {
        if (const auto* number = std::get_if<double>(&cell))
            worksheet_write_number(state_->sheet, state_->row, column, *number,
                                   style == Style::Form ? state_->form : state_->number);
        else if (const auto* share = std::get_if<Percent>(&cell))
            worksheet_write_number(state_->sheet, state_->row, column, share->value, state_->percent);
        else worksheet_write_string(state_->sheet, state_->row, column, std::get<std::string>(cell).c_str(), text);
        ++column;
    }
    ++state_->row;
}

void XlsxOut::title(const std::string& text, int columns) {
    if (state_->sheet == nullptr) return;
    worksheet_set_row(state_->sheet, state_->row, 36, nullptr);
    worksheet_merge_range(state_->sheet, state_->row, 0, state_->row, static_cast<lxw_col_t>(columns - 1), text.c_str(),
                          state_->title);
    ++state_->row;
}

void XlsxOut::freeze() {
    if (state_->sheet != nullptr) worksheet_freeze_panes(state_->sheet, state_->row, 1);
}

std::uint32_t XlsxOut::rows() const { return state_->row; }

Result<std::string> XlsxOut::finish() {
    if (state_->book == nullptr)
        return fail("io.write", std::string("no temporary file: ") + std::strerror(errno), state_->path);
    const lxw_error closed = workbook_close(state_->book);
    state_->book = nullptr;
    if (closed != LXW_NO_ERROR) return fail("io.write", lxw_strerror(closed), state_->path);
    std::ifstream file(state_->path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file || bytes.empty()) return fail("io.write", "the workbook could not be read back", state_->path);
    return bytes;
}

} // namespace recto
