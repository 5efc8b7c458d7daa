#pragma once

/// Intake: what was delivered becomes a plan of deliveries (folders and files, in natural order, nothing left out in
/// silence), and each file becomes a Source with digest, names and capture facts.
///
/// Names of files are bytes. Paths here are those bytes, so that they open; `name` is for people (names.h decode_name).
/// Functions are re-entrant; plan_deliveries reads folders only, take_source reads the file once for its digest.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/model.h"
#include "pipeline/core/result.h"
#include "pipeline/core/settings.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"

namespace recto::intake {

enum class DeliveryKind {
    Folder, ///< A folder's own files: one item unless separator sheets split it.
    File,   ///< One file (PDF, multi-page TIFF, or named on the command line).
    Flat,   ///< Loose single images beside subfolders: items come from separator sheets.
};
[[nodiscard]] std::string_view to_string(DeliveryKind kind); ///< "folder", "file", "flat".

struct Delivery {
    std::string name; ///< For display and as provisional name: path below the input ("box/3"), decoded to UTF-8.
    std::string path; ///< Absolute path of the folder or file, bytes as the system has them.
    DeliveryKind kind = DeliveryKind::Folder;
    std::vector<std::string> files; ///< Absolute paths in natural order; never empty in a plan.
    bool is_input = false;          ///< The folder was itself named as an input (not found below one).
};

/// A file that is not taken in, and why.
struct SkippedFile {
    std::string path; ///< Absolute, bytes.
    std::string code; ///< "intake.skipped.hidden", ".system", ".sidecar", ".empty", ".dangling", ".twice", ".no_files".
    /// The sentence of the message table, with the decoded path.
    [[nodiscard]] Finding finding() const;
};

struct IntakePlan {
    std::vector<Delivery> deliveries; ///< In order of the inputs, then natural order.
    std::vector<SkippedFile> skipped; ///< Every file below the inputs is in a delivery, here, or below an error.
    std::vector<Error> errors;        ///< Folders that could not be entered: "intake.unreadable", "intake.link_loop".
};

/// How multi-page files in a folder that holds nothing else are taken.
inline const Setting<std::string> kMultiPageFiles{
    "intake.multi_page_files", std::string("auto"), std::vector<std::string_view>{"auto", "item", "part"},
    "Multi-page files (PDF, TIFF) in a folder: auto = an item each when an input folder holds several and nothing "
    "else, else parts of the folder's item; item = always an item each; part = always parts of the folder's item.",
    "文件夹中的多页文件(PDF、TIFF):auto = 输入文件夹只含多个多页文件时每个文件为一件,否则属于文件夹所成之件;"
    "item = 总是每个文件一件;part = 总是属于文件夹所成之件。"};
inline const Setting<std::string> kSidecars{
    "intake.sidecars",
    std::string("txt csv xml json md html htm md5 sha1 sha256 sha512 sfv log xmp lnk url xls xlsx doc docx"),
    "Extensions of files that lie beside scans and are listed, not taken in; separated by spaces.",
    "与扫描件同放、只列出而不接收的文件扩展名,以空格分隔。"};
inline const Setting<bool> kFollowLinks{"intake.follow_links", true,
                                        "Enter folders through symbolic links (loops are refused by name).",
                                        "经符号链接进入文件夹(循环链接会指名拒绝)。"};

[[nodiscard]] std::vector<const SettingBase*> settings();

/// Plans the deliveries of `inputs` (folders or files, relative or absolute):
///  - a file named as input is a delivery, whatever its extension;
///  - an input folder without subfolders is one delivery (Folder);
///  - in an input folder with subfolders, PDFs are a delivery each, other loose files form one Flat delivery (multi-page
///    TIFFs are split off by refine_after_probe), and each subfolder is planned by itself;
///  - a subfolder's own files are one Folder delivery; its subfolders are deliveries of their own.
/// Hidden and system files and sidecars are skipped; an empty file is skipped unless its name says it should be an
/// image: a scan that was lost is an error of its item, not a placeholder. Unknown extensions are tried by content.
/// Fails as a whole ("intake.not_found") only when an input does not exist, before anything is done.
Result<IntakePlan> plan_deliveries(const std::vector<std::string>& inputs, FileSystem& fs, const Settings& settings);

/// Splits a delivery once the number of images in each file is known (`image_counts[i]` for `files[i]`; 0 = unreadable):
/// multi-page files of a Flat delivery become deliveries of their own, and those of an input folder as
/// intake.multi_page_files says. Order is kept; a delivery that needs no split comes back alone, unchanged.
[[nodiscard]] std::vector<Delivery> refine_after_probe(const Delivery& delivery, const std::vector<int>& image_counts,
                                                       const Settings& settings);

/// What take_source may be told and asked.
struct TakeOptions {
    CaptureFacts overrides; ///< --operator, --device, --station: replace what the file says, where not empty.
    /// Digest remembered for this path, size, mtime and inode; nullopt when the file has to be read. May be empty.
    std::function<std::optional<std::string>(const std::string& path, const FileStat& stat)> recall;
    /// Told each digest that was computed. May be empty.
    std::function<void(const std::string& path, const FileStat& stat, const std::string& sha512)> remember;
};

using Probe = std::function<Result<Source>(const std::string& path)>;

/// Reads one file's digest and headers. Errors: "decode.empty", "intake.not_found", "intake.changed" (retry: size or
/// time moved while it was read, so it is still being written), and those of Decoder::probe and FileSystem.
Result<Source> take_source(const std::string& path, const Probe& probe, FileSystem& fs, const TakeOptions& options);
Result<Source> take_source(const std::string& path, Decoder& decoder, FileSystem& fs, const TakeOptions& options);

/// Bytes of a file name, with all but printable ASCII, and "%" itself, as %XX.
[[nodiscard]] std::string percent_encode_name(std::string_view bytes);
/// `path` made absolute against the current folder, "." and ".." removed lexically; bytes kept.
[[nodiscard]] std::string absolute_path(const std::string& path);

} // namespace recto::intake
