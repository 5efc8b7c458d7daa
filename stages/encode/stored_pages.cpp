// The way back from a stored version to what the item stage needs: images out of the PDF. (Words out of ALTO: alto_reader.h.)

#include <memory>
#include <string>

#include <fmt/format.h>
#define POINTERHOLDER_TRANSITION 4 // qpdf: std::shared_ptr only
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>

#include "pipeline/core/digest.h"
#include "pipeline/files/file_system.h"
#include "stages/encode/encode.h"

namespace recto {

Result<void> recover_page_images(Item& item, const std::string& pdf_path, const std::string& folder) {
    try {
        QPDF pdf;
        pdf.setSuppressWarnings(true);
        pdf.processFile(pdf_path.c_str());
        auto pages = QPDFPageDocumentHelper(pdf).getAllPages();
        if (pages.size() != item.pages.size())
            return fail("encode.pdf_images",
                        fmt::format("{} pages in the PDF, {} in item.json", pages.size(), item.pages.size()), pdf_path);
        const auto fs = posix_file_system();
        for (std::size_t i = 0; i < pages.size(); ++i) {
            StagedFile& image = item.pages[i].encoded.pdf_image;
            if (image.width <= 0) continue; // The page has none: it failed when it was scanned.
            const int number = static_cast<int>(i) + 1;
            const auto take = [&](QPDFObjectHandle stream, StagedFile& to, const std::string& name) -> Result<void> {
                if (!stream.isStream()) return fail("encode.pdf_images", "the page has no image", pdf_path, number);
                const auto data = stream.getRawStreamData();
                const std::string bytes(reinterpret_cast<const char*>(data->getBuffer()), data->getSize());
                if (digest_hex(DigestAlgorithm::Sha512, bytes) != to.sha512)
                    return fail("encode.pdf_images", "the image is not the one item.json names", pdf_path, number);
                to.staged_path = join_path(folder, fmt::format("page-{:04}.{}", number, name));
                return fs->write(to.staged_path, bytes);
            };
            QPDFObjectHandle images = pages[i].getObjectHandle().getKey("/Resources").getKey("/XObject");
            RECTO_TRY(take(images.getKey("/Im0"), image, "image"));
            int k = 0;
            for (PdfInk& ink : item.pages[i].encoded.pdf_inks) {
                QPDFObjectHandle colours = images.getKey(fmt::format("/Im{}", ++k));
                RECTO_TRY(take(colours, ink.colours, fmt::format("colours{}", k)));
                RECTO_TRY(take(colours.getDict().getKey("/Mask"), ink.mask, fmt::format("mask{}", k)));
            }
        }
        return {};
    } catch (const std::exception& e) { return fail("encode.pdf_images", e.what(), pdf_path); }
}

} // namespace recto
