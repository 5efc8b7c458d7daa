// Is a PDF whole? Every object read, every stream decoded, nothing repaired.

#include <exception>

#define POINTERHOLDER_TRANSITION 4
#include <qpdf/Pl_Discard.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>

#include "pipeline/files/decode.h"

namespace recto {

Result<int> check_pdf_here(const std::string& path) {
    try {
        QPDF pdf;
        pdf.setSuppressWarnings(true);
        pdf.setAttemptRecovery(false); // A file that needs repair is not as it was written.
        pdf.processFile(path.c_str());
        const auto pages = static_cast<int>(pdf.getAllPages().size());
        Pl_Discard discard;
        QPDFWriter writer(pdf);
        writer.setOutputPipeline(&discard);
        writer.setDecodeLevel(qpdf_dl_all);
        writer.setStaticID(true);
        writer.write();
        if (pdf.anyWarnings()) return fail("pdf.damaged", pdf.getWarnings().front().what(), path);
        return pages;
    } catch (const std::exception& e) { return fail("pdf.damaged", e.what(), path); }
}

} // namespace recto
