#pragma once

/// The settings of the reading stage.

#include "pipeline/core/settings.h"

namespace recto::reading {

inline const Setting<std::string> kEngine{
    "reading.engine", "auto", std::vector<std::string_view>{"auto", "ppocr", "tesseract"},
    "OCR engine. auto: ppocr for Chinese, alone or mixed with others, and for English, with Tesseract asked about "
    "Latin "
    "lines in doubt, when it is built in and its models are there; tesseract for other languages.",
    "文字识别引擎。auto:中文、中文与其他语言混排及英文用 ppocr(已编入且模型齐备时),存疑的拉丁文行再由 Tesseract 识别;"
    "其他语言用 tesseract。"};
inline const Setting<std::string> kRecognizer{
    "reading.recognizer", "auto", std::vector<std::string_view>{"auto", "tiny", "small"},
    "Recognition network of ppocr. auto: tiny reads all lines, small reads the doubtful ones again; small reads all of "
    "them at about three times the cost.",
    "ppocr 的识别网络。auto:全部行用 tiny 识别,存疑的行再用 small 识别;small:全部行用 small,耗时约为三倍。"};
inline const Setting<std::string> kLanguage{
    "reading.language", "chi_sim+eng",
    "Languages of the text, by Tesseract's names joined with + (chi_sim, chi_tra, eng, deu, ...). The same as --lang.",
    "文字语种,用 Tesseract 的名称,以 + 相连(chi_sim、chi_tra、eng、deu 等)。与 --lang 相同。"};
inline const Setting<std::string> kPrecision{
    "reading.precision", "f32", std::vector<std::string_view>{"f32", "bf16"},
    "Arithmetic of the ppocr networks. bf16 reads one line in ten differently and pays only where the processor "
    "computes "
    "matrices in "
    "it (AMX); with AVX-512 alone it is slower than f32.",
    "ppocr 网络的计算精度。bf16 约有十分之一的行结果不同,只有处理器带矩阵运算单元(AMX)时才可能合算;仅有 AVX-512 时比 "
    "f32 慢。"};
inline const Setting<std::int64_t> kDetectorSide{
    "reading.detector_side",
    0,
    {0, 4800},
    "Long side of the picture in which ppocr looks for lines, pixels. 0: by the size of the text. Larger costs more "
    "and finds smaller text.",
    "ppocr 查找文本行所用图像的长边像素数。0:按字的大小自动选择。越大越慢,能找到更小的字。"};
inline const Setting<std::string> kClean{
    "reading.clean", "auto", std::vector<std::string_view>{"auto", "off"},
    "Cleaning of the picture that the engine reads, by what is found on the page: seals over text, stains, black "
    "borders, speckle, "
    "scanner streaks, small letters. off: the engine sees the page as it is. Stored images are never changed by it.",
    "识别前对图像的清理,按页面实际情况进行:压字印章、污渍、黑边、噪点、扫描条纹、过小的字。off:引擎直接识别原页面。"
    "从不改变保存的图像。"};
inline const Setting<std::string> kTextLayer{
    "reading.text_layer", "compare", std::vector<std::string_view>{"compare", "keep", "replace"},
    "What becomes of the text that a PDF brings along. compare: pages are read, and a layer that differs clearly from "
    "what "
    "was read is reported. keep: a layer that agrees with the page is its text; others are reported and the page is "
    "read. "
    "Pages that paint their text cost a look at some lines, scans with hidden text a whole reading. replace: pages are "
    "read "
    "and the layer is not looked at.",
    "PDF "
    "自带文本层的处理方式。compare:照常识别,文本层与识别结果明显不同时予以报告。keep:文本层与页面相符时即作为该页文字;"
    "不相符则报告并采用识别结果。文字可见的页面只抽查几行,带隐藏文字的扫描页须全页识别后核对。replace:照常识别,"
    "不看文本层。"};
inline const Setting<double> kMinConfidence{
    "reading.min_confidence",
    0.6,
    {0.0, 1.0},
    "A page whose characters have a lower mean confidence is counted as not machine-readable and gets no text.",
    "全页字符平均置信度低于此值时,该页记为机器不可读,不给出文字。"};
inline const Setting<double> kMinLineConfidence{
    "reading.min_line_confidence",
    0.4,
    {0.0, 1.0},
    "Lines with a lower mean confidence are taken for pictures, seals or dirt and dropped.",
    "平均置信度低于此值的行视为图画、印章或污迹,不予保留。"};
inline const Setting<std::string> kTessdata{
    "reading.tessdata", "", "Folder with Tesseract's *.traineddata; empty: where Tesseract looks by itself.",
    "Tesseract 语言数据(*.traineddata)所在文件夹;留空则用其默认位置。"};

} // namespace recto::reading
