#pragma once

/// Every setting of treatment, declared once.

#include <cstdint>

#include "pipeline/core/settings.h"

namespace recto::treat {

inline const Setting<bool> kOrient{"treatment.orient", true, "Turn pages upright by quarter turns.",
                                   "自动将页面转正(90 度的倍数)。"};
inline const Setting<std::string> kOrientSecondOpinion{
    "treatment.orient_second_opinion",
    "unsure",
    {"unsure", "never", "always"},
    "When to ask others for the orientation too: the networks that read print (0.2 to 1 s a page, where they are "
    "installed), and Tesseract (0.3 to 0.4 s) of what those cannot read: unsure, never or always (then Tesseract "
    "of the pages that are not in doubt, too).",
    "何时再用其他方法判断方向:先用识别网络试读(已安装时,每页 0.2 至 1 秒),试读不出时再用 Tesseract(每页 0.3 至 0.4 秒):"
    "unsure 不确定时,never 从不,always 总是(无疑问的页也用 Tesseract 核对)。"};
inline const Setting<bool> kSplit{"treatment.split", true, "Split an image of two facing pages at a clear gutter.",
                                  "在明显的书缝处把对开页拆成两页。"};
inline const Setting<bool> kDeskew{"treatment.deskew", true, "Straighten skewed pages.", "纠正页面倾斜。"};
inline const Setting<double> kMaxSkew{"treatment.max_skew",
                                      15.0,
                                      {0.5, 15.0},
                                      "Largest skew to correct, degrees; more is left as it is and reported.",
                                      "可纠正的最大倾斜角(度),更大的保持原样并报告。"};
inline const Setting<double> kMinSkew{"treatment.min_skew",
                                      0.1,
                                      {0.0, 2.0},
                                      "Skew below this, degrees, is left as it is: the page stays free of resampling.",
                                      "小于此角度(度)的倾斜不处理,页面不必重新采样。"};
inline const Setting<bool> kCrop{"treatment.crop", true,
                                 "Crop to the paper where its edge on the scanner bed is certain.",
                                 "纸张边缘明确时裁切到纸张。"};
inline const Setting<double> kCropMargin{"treatment.crop_margin",
                                         2.5,
                                         {0.0, 20.0},
                                         "Margin kept outside the paper's edge, millimetres.",
                                         "裁切时在纸张边缘外保留的宽度(毫米)。"};
inline const Setting<std::string> kTargets{
    "treatment.targets",
    "outside",
    {"outside", "keep"},
    "Colour bars, grey wedges and rulers beside the sheet: outside of the crop, or keep them in it. The scan itself "
    "keeps them.",
    "纸张旁的色卡、灰阶和标尺:outside 裁切在外,keep 保留在页面图像内。原始扫描件始终保留。"};
inline const Setting<bool> kSeparators{"treatment.separators", true,
                                       "Look for separator sheets: patch codes and barcodes.",
                                       "识别分隔页:拼块码(patch code)和条码。"};
inline const Setting<double> kMinDpi{
    "treatment.min_dpi",
    200.0,
    {0.0, 1200.0},
    "Resolution below which a scan is reported, pixels an inch (DA/T 31 asks for 200 or more).",
    "低于此分辨率(每英寸像素)的扫描件将被报告(DA/T 31 要求不低于 200)。"};
inline const Setting<double> kMinSharpness{"treatment.min_sharpness",
                                           0.25,
                                           {0.0, 1.0},
                                           "Sharpness (0 to 1) below which a page is reported as blurred.",
                                           "清晰度(0 至 1)低于此值的页面报告为模糊。"};
inline const Setting<double> kMinContrast{
    "treatment.min_contrast",
    0.25,
    {0.0, 1.0},
    "Contrast (0 to 1) between paper and print below which a page is reported as faint.",
    "纸与字的反差(0 至 1)低于此值的页面报告为过淡。"};

} // namespace recto::treat
