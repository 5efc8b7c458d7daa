#pragma once

/// libjpeg reports errors by a jump; this collects what it says. Internal to pipeline/files.

#include <csetjmp>
#include <cstdio>
#include <string>

#include <jerror.h>
#include <jpeglib.h>

namespace recto::files {

struct JpegErrors {
    jpeg_error_mgr manager;
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX] = {}; ///< Of the error, or of the first warning that means lost pixels.
    bool lost = false;                  ///< Pixels are missing or made up.

    jpeg_error_mgr* install() {
        jpeg_std_error(&manager);
        manager.error_exit = [](j_common_ptr c) {
            auto* self = reinterpret_cast<JpegErrors*>(c->err);
            c->err->format_message(c, self->message);
            std::longjmp(self->jump, 1);
        };
        manager.emit_message = [](j_common_ptr c, int level) {
            if (level >= 0) return; // Trace.
            auto* self = reinterpret_cast<JpegErrors*>(c->err);
            ++c->err->num_warnings;
            switch (c->err->msg_code) {
            case JWRN_EXTRANEOUS_DATA: // Padding between segments.
            case JWRN_ADOBE_XFORM:
            case JWRN_JFIF_MAJOR:
            case JWRN_BOGUS_ICC: return;
            default: break;
            }
            if (!self->lost) c->err->format_message(c, self->message);
            self->lost = true;
        };
        manager.output_message = [](j_common_ptr) {};
        return &manager;
    }
};
static_assert(offsetof(JpegErrors, manager) == 0);

} // namespace recto::files
