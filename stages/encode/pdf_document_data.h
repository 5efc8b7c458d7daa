#pragma once

/// The parts of a PDF/A-2u that belong to no page: metadata, output intent, labels, bookmarks.

#include <vector>

#include "stages/encode/pdf_writer.h"

class QPDF;
class QPDFObjectHandle;

namespace recto::encode {

/// Adds them to `pdf`, whose page objects in order are `pages`. XMP and the information dictionary say the same.
void set_document_data(QPDF& pdf, const PdfDocument& document, const std::vector<QPDFObjectHandle>& pages);

} // namespace recto::encode
