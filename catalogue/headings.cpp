// What the columns of catalogues are called.

#include <unordered_map>

#include "catalogue/mapping.h"
#include "pipeline/files/codes.h"

namespace recto::catalogue {

namespace {

struct Heading {
    std::string_view id;
    std::string_view names; ///< Separated by spaces; the pinyin code and the English id among them.
};

// Ids of DA/T 18-2022 as the project names them, and the columns that box and volume lists have besides.
constexpr Heading kHeadings[] = {
    {"reference_code", "档号 档案号 檔號 归档号 参考号 dh referencecode identifier"},
    {"fonds_code", "全宗号 全宗编号 qzh fondscode"},
    {"fonds_name", "全宗名称 全宗名 qzmc fondsname"},
    {"title", "题名 文件题名 正题名 标题 文件标题 文件名称 題名 tm title"},
    {"volume_code", "案卷档号 案卷级档号 所属案卷 ajdh volumecode"},
    {"volume_title", "案卷题名 案卷标题 ajtm"},
    {"creator", "责任者 作者 发文机关 发文单位 形成单位 文件责任者 責任者 zrz rzz creator author"},
    {"date", "日期 文件日期 成文日期 形成日期 形成时间 文件时间 成文时间 起止日期 起止时间 rq wjrq cwrq xcrq date "
             "documentdate"},
    {"year", "年度 年份 归档年度 nd year"},
    {"document_number", "文号 文件编号 发文号 发文字号 文件字号 文號 wh wjbh documentnumber documentno"},
    {"page_count", "页数 总页数 文件页数 案卷页数 頁數 ys pagecount pages"},
    {"item_count", "件数 总件数 文件件数 文件份数 份数 卷内文件数 js zjs itemcount items"},
    {"page_number", "页号 页次 起止页号 起止页次 yh pagenumber"},
    {"security_level", "密级 保密等级 mj securitylevel"},
    {"retention_period", "保管期限 保存期限 期限 bgqx retentionperiod retention"},
    {"subjects", "主题词 关键词 ztc subjects keywords"},
    {"box_number", "盒号 hh boxnumber box"},
    {"item_number", "件号 jh itemnumber"},
    {"volume_number", "案卷号 ajh volumenumber"},
    {"list_number", "目录号 案卷目录号 mlh listnumber"},
    {"access_status", "开放标识 开放状态 公开属性 是否开放 开放审核 kfbs accessstatus access"},
    {"repository_code", "档案馆代码 dagdm repositorycode"},
    {"repository_name", "档案馆名称 dagmc repositoryname"},
    {"genre", "文种 wz genre"},
    {"draft_state", "稿本 gb draftstate"},
    {"annexes", "附件 附件题名 fj annexes"},
    {"persons", "人名 人员 rm persons"},
    {"class_code", "分类号 类别号 类别 门类 lbh flh classcode"},
    {"origin", "生成方式 origin"},
    {"extent", "载体形态 extent"},
    {"organisation", "机构 问题 机构或问题 机构(问题) jg jgwt organisation department"},
    {"serial", "顺序号 序号 编号 sxh xh serial no"},
    {"remarks", "备注 附注 備註 bz remarks notes"},
};

/// Width folded, lower case, without white space, and the marks that lists put around headings.
std::string squeeze(std::string_view heading) {
    std::string out;
    const std::string narrow = fold_width(heading);
    for (std::size_t pos = 0; pos < narrow.size();) {
        char32_t c = next_code_point(narrow, pos);
        if (c <= ' ' || c == 0xA0 || c == '_' || c == '-' || c == '*' || c == ':' || c == 0xFEFF) continue;
        if (c >= 'A' && c <= 'Z') c += 32;
        append_utf8(out, c);
    }
    return out;
}

} // namespace

std::string heading_of_field(std::string_view id) {
    for (const Heading& h : kHeadings)
        if (h.id == id) return std::string(h.names.substr(0, h.names.find(' ')));
    return std::string(id);
}

std::vector<std::string> known_fields() {
    std::vector<std::string> out;
    for (const Heading& h : kHeadings) out.emplace_back(h.id);
    return out;
}

std::string field_of_heading(std::string_view heading) {
    static const auto index = [] {
        std::unordered_map<std::string, std::string> m;
        for (const Heading& h : kHeadings) {
            m.emplace(squeeze(h.id), h.id);
            for (std::size_t from = 0; from < h.names.size();) {
                const std::size_t to = std::min(h.names.find(' ', from), h.names.size());
                m.emplace(h.names.substr(from, to - from), h.id);
                from = to + 1;
            }
        }
        return m;
    }();
    std::string name = squeeze(heading);
    if (const auto it = index.find(name); it != index.end()) return it->second;
    // "页数(页)", "题名[必填]": a remark in brackets says nothing about which column it is.
    const auto bracket = std::min({name.find('('), name.find('['), name.find("【"), name.find("〔")});
    if (bracket == std::string::npos || bracket == 0) return {};
    const auto it = index.find(name.substr(0, bracket));
    return it == index.end() ? std::string() : it->second;
}

} // namespace recto::catalogue
