#pragma once

/// The item pass: from the images of one delivery, as treatment left them, to items with pages, identities and classes.
/// Pure functions of their arguments; nothing is read from disk. They may be called from any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/core/item.h"
#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"

namespace recto::group {

inline const Setting<std::string> kCodePatterns{
    "grouping.code_patterns",
    std::string(
        // DA/T 13-2022 and DA/T 22-2015: fonds, class with parts joined by ·, then levels joined by -
        "[A-Z]{0,2}\\d{1,4}-[A-Z]{2}(?:·[A-Z0-9]{1,6})*(?:-(?:Y|D\\d{1,3}|[A-Z]{1,4}|\\d{1,5}))+(?:/\\d{1,4})? "
        // DA/T 13-94: fonds, list, volume, item or page; a date is none
        "(?!(?:19|20)\\d\\d-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\\d|3[01])(?!\\d))[A-Z]?\\d{1,4}-\\d{1,4}-\\d{1,5}-\\d{1,"
        "5}(?:/\\d{1,4})?"),
    "Forms of a 档号, as regular expressions separated by spaces, tried in order on names and barcodes that the "
    "catalogue does not hold (letters in upper case, dots as ·, dashes as -).",
    "档号的形式,以空格分隔的正则表达式;目录中没有的名称和条码依次试配(字母大写,间隔号为 ·,连接号为 -)。"};
inline const Setting<std::string> kBarcodes{
    "grouping.barcodes", std::string("code"), std::vector<std::string_view>{"code", "any", "none"},
    "Which barcode sheets begin an item: code = value in the catalogue or of a 档号's form; any; none.",
    "哪些条码页开始新的一件:code = 条码值在目录中或符合档号形式;any = 任何条码;none = 都不。"};
inline const Setting<std::string> kBarcodePrefixes{
    "grouping.barcode_prefixes", std::string(),
    "Beginnings, separated by spaces, that barcodes of items bear; what follows is the 档号 (\"ASN\": ASN00123 begins "
    "item "
    "00123). Other barcodes are judged by grouping.barcodes.",
    "件条码的前缀,以空格分隔;其后为档号(如 “ASN”:ASN00123 开始 00123 件)。其他条码按 grouping.barcodes 判断。"};
inline const Setting<bool> kPatch{"grouping.patch", true, "A patch T sheet begins an item.",
                                  "Patch T 分隔页开始新的一件。"};
inline const Setting<bool> kBlankSplits{
    "grouping.blank_splits", false,
    "A blank page begins an item. Off by default: a blank verso must not split an item.",
    "空白页开始新的一件。默认关闭:空白背面不应拆分一件文件。"};
inline const Setting<bool> kFileNames{
    "grouping.file_names", true,
    "In a folder without a 档号, file names that are a 档号, or a 档号 and a serial number, make the items.",
    "文件夹本身没有档号时,以档号或“档号-序号”命名的文件按档号成件。"};
inline const Setting<bool> kRightToLeft{"grouping.right_to_left", false,
                                        "Books that are read from right to left: the right half of a spread is first.",
                                        "从右向左翻阅的书册:跨页的右半页在前。"};
inline const Setting<std::string> kDuplex{
    "grouping.duplex", std::string("auto"), std::vector<std::string_view>{"auto", "on", "off"},
    "Images alternate between front and back of a sheet: on, off, or auto (when every blank page is at an even place).",
    "图像按纸张正反面交替:on、off,或 auto(空白页均在偶数位置时视为双面)。"};
inline const Setting<std::int64_t> kDuplicateDistance{
    // Different pages of the samples differ in 14 bits and more.
    "grouping.duplicate_distance",
    6,
    {0, 16},
    "Pages of an item whose 64-bit signatures differ in at most this many bits are reported as possible duplicates.",
    "同一件内 64 位图像特征相差不超过此位数的页报告为可能重复。"};
inline const Setting<bool> kClassify{"grouping.classify_by_text", true,
                                     "Recognise covers, contents (卷内目录) and back notes (备考表) by their words, "
                                     "and blank pages with show-through by "
                                     "having none; they are not counted as 页.",
                                     "按文字识别封面、卷内目录和备考表,并将透印但无文字的页判为空白;它们不计入页数。"};
/// PageTreatment::target from which a page is one by its picture alone.
inline constexpr double kTargetSure = 0.7;
[[nodiscard]] std::vector<const SettingBase*> settings();
/// "config.bad_value" when one of the patterns is no regular expression; the reason quotes it.
Result<void> check_code_patterns(const std::string& patterns);

/// One file of a delivery with what treatment found.
struct TreatedSource {
    Source source;                          ///< When `error` is set, at least path and names.
    std::vector<ImageTreatment> treatments; ///< One an image, in order; an entry without pages stands for a failed one.
    std::map<int, Error> image_errors;      ///< By image index: its page carries the error.
    std::optional<Error> error;             ///< The whole file could not be read: one page carries the error.
};

/// A delivery as intake planned it.
struct GroupInput {
    std::string name;                   ///< Provisional name for people: "box/3", "report.pdf".
    bool is_file = false;               ///< One file by itself: its extension is no part of the name.
    std::vector<TreatedSource> sources; ///< In order.
};

struct GroupingOptions {
    std::string repository_code;              ///< Part of every identity.
    const CatalogueView* catalogue = nullptr; ///< May be null.
    const Settings* settings = nullptr;       ///< Never null.
};

/// Makes the items of one delivery, in order of their first page. Every image of every source is a page of exactly one
/// item (two pages for a spread), separator sheets included. An item whose page has an error is held.
/// Identities: item = name-based UUID of repository, 档号 (else provisional name) and source digests; page = of item,
/// source digest, image index, half of the spread and occurrence.
[[nodiscard]] std::vector<Item> group_items(const GroupInput& input, const GroupingOptions& options);

/// What has to wait for the text: classes of covers, contents and back notes, printed page numbers (and gaps in them), whether
/// pages that look alike say the same.
/// Call per item after reading (a second call changes nothing); pages whose class is not Body keep it.
void classify_by_text(Item& item, const Settings& settings);

/// A 档号 recognised in a name or a barcode: the catalogue's spelling when it has it, else its canonical form by the
/// patterns; empty when it is none. With `inside`, a code at the start of a longer name counts ("0025-WS·2012-Y-BGS-0001 通知").
[[nodiscard]] std::string recognise_code(std::string_view name, const GroupingOptions& options, bool inside);

/// The 档号 that a barcode stands for: behind one of grouping.barcode_prefixes, in the catalogue, of a 档号's form, or, with
/// grouping.barcodes `any` on a separator sheet (`sheet`), as it is; empty when none. `certain`: it is in the catalogue or
/// has a prefix, so that it is no old number or number of another office.
[[nodiscard]] std::string code_of_barcode(std::string_view value, const GroupingOptions& options, bool sheet,
                                          bool& certain);

/// The printed page number of a page: "- 3 -", "第 3 页", "12-1", "Page 3 of 5" in its top or bottom margin; "" when none.
[[nodiscard]] std::string find_printed_number(const PageText& text);

} // namespace recto::group
