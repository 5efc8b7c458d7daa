#include "stages/verify/pdf_check.h"

#include <chrono>

#include "pipeline/files/child_process.h"

namespace recto::verify {

namespace {
constexpr std::size_t kMaxText = std::size_t{256} << 20; ///< Bytes of text a PDF may give.
}

Result<std::string> pdf_text(const std::string& path, const std::string& program, int seconds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    ProgramOutput ran =
        run_program({program, "-raw", "-enc", "UTF-8", "-q", path_argument(path), "-"}, deadline, kMaxText);
    switch (ran.end) {
    case ProgramOutput::End::NotStarted: return fail("pdf.no_pdftotext", ran.errors, program);
    case ProgramOutput::End::TimeLimit: return fail("pdf.time_limit", "pdftotext was stopped", path);
    case ProgramOutput::End::TooMuch: return fail("pdf.damaged", "pdftotext was stopped", path);
    case ProgramOutput::End::Done: break;
    }
    if (ran.status == 127) return fail("pdf.no_pdftotext", "cannot be run", program);
    if (ran.status != 0) return fail("pdf.damaged", "pdftotext ended with status " + std::to_string(ran.status), path);
    return std::move(ran.output);
}

std::string without_white_space(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == ' ' || (c >= 0x09 && c <= 0x0D)) continue;
        const std::string_view rest = text.substr(i);
        if (rest.starts_with("\xC2\xA0")) {
            ++i;
        } else if (rest.starts_with("\xE3\x80\x80") ||
                   (rest.size() > 2 && rest.starts_with("\xE2\x80") && static_cast<unsigned char>(rest[2]) >= 0x80 &&
                    static_cast<unsigned char>(rest[2]) <= 0x8A)) {
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

} // namespace recto::verify
