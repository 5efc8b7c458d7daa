#include "stages/package/handover/handover_papers.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "pipeline/core/clock.h"
#include "pipeline/files/charset.h"
#include "pipeline/files/csv.h"
#include "pipeline/files/xlsx_out.h"
#include "pipeline/files/xml_writer.h"

namespace recto {

namespace {

/// The rule asks for GB with three decimals; carriers are sold by 10^9 bytes.
std::string gigabytes(std::uint64_t bytes) { return fmt::format("{:.3f} GB", static_cast<double>(bytes) / 1e9); }

std::string algorithm_name(DigestAlgorithm algorithm) {
    return algorithm == DigestAlgorithm::Sm3 ? "SM3" : algorithm == DigestAlgorithm::Sha512 ? "SHA-512" : "SHA-256";
}

std::string day(const HandoverJob& job) { return rfc3339(job.made).substr(0, 10); }

std::string carrier_range(const HandoverJob& job) {
    const std::string first = carrier_name(job, 1), last = carrier_name(job, job.carriers);
    return job.carriers == 1 ? first : first + " 至 " + last;
}

void write_row(XmlWriter& xml, const HandoverItem& item) {
    xml.start("文件")
        .element("顺序号", std::to_string(item.number))
        .element("档号", item.code)
        .element("责任者", item.creator)
        .element("题名", item.title)
        .element("日期", item.date)
        .element("密级", item.security)
        .element("电子档案名称", item.name)
        .element("备注", item.note)
        .end();
}

} // namespace

std::string carrier_name(const HandoverJob& job, std::size_t number) {
    return fmt::format("{}-{:03}", job.name, number);
}

std::string handover_digest_file(DigestAlgorithm algorithm) {
    return std::string(kHandoverListBegin) + std::string(to_string(algorithm)) + std::string(kHandoverListEnd);
}

Result<std::string> handover_notes(const HandoverJob& job, const HandoverCarrier& carrier) {
    std::uint64_t bytes = 0;
    std::map<std::string, std::size_t> formats;
    for (const HandoverFile& file : carrier.files) {
        bytes += file.bytes;
        const std::size_t dot = file.path.rfind('.');
        ++formats[dot == std::string::npos ? "?" : file.path.substr(dot + 1)];
    }
    std::string kinds;
    for (const auto& [kind, count] : formats) kinds += fmt::format("{}{} {} 个", kinds.empty() ? "" : ",", kind, count);
    std::string out;
    const auto line = [&](const char* label, const std::string& value) {
        if (!value.empty()) out += fmt::format("{}:{}\r\n", label, value);
    };
    line("交接工作名称", job.name);
    line("内容描述", job.description);
    line("移交单位", job.sender);
    line("接收单位", job.receiver);
    line("全宗", job.fonds);
    line("载体编号",
         fmt::format("{}(第 {} 个,共 {} 个)", carrier_name(job, carrier.number), carrier.number, job.carriers));
    line("载体类型、规格", job.carrier_type);
    if (!carrier.items.empty()) line("本载体档号起止", carrier.items.front().code + " 至 " + carrier.items.back().code);
    line("本载体电子档案", fmt::format("{} 件,{} 个文件,{}({} 字节)", carrier.items.size(), carrier.files.size(),
                                       gigabytes(bytes), bytes));
    line("全部电子档案",
         fmt::format("{} 件,{} 个文件,{}({} 字节)", job.items, job.files, gigabytes(job.bytes), job.bytes));
    line("文件格式", kinds);
    line("目录", std::string(job.by_volume ? kHandoverVolumes : kHandoverItems) +
                     ";电子档案按年度、类别存放,文件名以档号命名;GB 以 10 的 9 次方字节计");
    line("字符集", job.charset);
    line("摘要", fmt::format("{},见 {}/{} 与 {}/{}", algorithm_name(job.algorithm), kHandoverOther,
                             handover_digest_file(job.algorithm), kHandoverOther, kHandoverDigests));
    line("读取环境", "PDF 阅读器、看图软件、表格软件;不需专用软件");
    line("制作软件", job.agent);
    line("制作日期", day(job));
    line("依据", job.rule);
    if (job.charset == "UTF-8") return std::string(kBom) + out;
    return to_charset(out, job.charset);
}

Result<std::string> handover_catalogue(const HandoverJob& job, const HandoverCarrier& carrier) {
    XmlWriter xml;
    xml.start(job.by_volume ? "案卷目录" : "文件目录")
        .attribute("交接工作名称", job.name)
        .attribute("载体编号", carrier_name(job, carrier.number))
        .attribute("件数", std::to_string(carrier.items.size()))
        .attribute("依据", job.rule);
    if (!job.by_volume) {
        for (const HandoverItem& item : carrier.items) write_row(xml, item);
    } else {
        // Items lie in the order of their codes, so that those of a volume follow each other.
        for (std::size_t i = 0; i < carrier.items.size();) {
            std::size_t end = i;
            while (end < carrier.items.size() && carrier.items[end].volume == carrier.items[i].volume) ++end;
            xml.start("案卷").attribute("档号", carrier.items[i].volume).attribute("件数", std::to_string(end - i));
            for (; i < end; ++i) write_row(xml, carrier.items[i]);
            xml.end();
        }
    }
    xml.end();
    return to_charset("<?xml version=\"1.0\" encoding=\"" + job.charset + "\"?>\n" + xml.finish(false), job.charset);
}

Result<std::string> handover_register(const HandoverJob& job) {
    XlsxOut book(job.made);
    book.sheet("登记表", {26, 40, 40});
    book.title("电子档案移交与接收登记表", 3);
    using Style = XlsxOut::Style;
    const auto fact = [&](const char* label, const std::string& value) {
        book.row({std::string(label), value, std::string()}, Style::Form);
    };
    fact("交接工作名称", job.name);
    fact("内容描述", job.description);
    fact("移交电子档案数量", fmt::format("{} 件({} 个文件)", job.items, job.files));
    fact("移交数据量", gigabytes(job.bytes));
    fact("载体起止顺序号", carrier_range(job));
    fact("移交载体类型、规格", job.carrier_type);
    book.row({std::string("检验内容"), "移交单位:" + job.sender, "接收单位:" + job.receiver}, Style::Form);
    for (const char* check : {"准确性检验", "完整性检验", "可用性检验", "安全性检验", "载体外观检验"}) fact(check, "");
    for (const char* who : {"填表人(签名)", "审核人(签名)", "单位(印章)"})
        book.row({std::string(who), std::string("        年   月   日"), std::string("        年   月   日")},
                 Style::Form);
    fact("摘要算法", algorithm_name(job.algorithm) + fmt::format(",各载体 {}/{}", kHandoverOther, kHandoverDigests));
    fact("依据", job.rule);
    return book.finish();
}

Result<std::string> handover_digests(const HandoverJob& job, const HandoverCarrier& carrier,
                                     const std::vector<HandoverFile>& files) {
    constexpr std::uint32_t kRows = 1'000'000; // of 1,048,576 that a sheet holds
    XlsxOut book(job.made);
    double number = 0;
    int sheets = 0;
    for (const HandoverFile& file : files) {
        if (sheets == 0 || book.rows() > kRows) {
            ++sheets;
            book.sheet(sheets == 1 ? "摘要表" : fmt::format("摘要表 {}", sheets), {8, 24, 60, 14, 80});
            book.row({std::string("顺序号"), std::string("载体编号"), std::string("文件"), std::string("字节"),
                      algorithm_name(job.algorithm)},
                     XlsxOut::Style::Heading);
        }
        book.row(
            {++number, carrier_name(job, carrier.number), file.path, static_cast<double>(file.bytes), file.digest});
    }
    return book.finish();
}

std::string handover_digest_lines(const std::vector<HandoverFile>& files) {
    std::string out;
    for (const HandoverFile& file : files) out += file.digest + "  " + file.path + "\n";
    return out;
}

} // namespace recto
