//! Files as WPS Office writes them: made here part by part, since it is not to be had for tests.

use std::io::Write;

use super::{
    make::{MAIN, Place, zip_of},
    *,
};
use crate::testing::fixture;

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// Whole columns formatted down to the last row, its own formats of numbers and days, numbers kept as
/// text by a leading apostrophe, a picture in a cell, a filter that is a hidden name.
fn workbook() -> Vec<u8> {
    let relations = |list: &[(&str, &str, &str)]| {
        let one = |(id, kind, target): &(&str, &str, &str)| {
            format!(r#"<Relationship Id="{id}" Type="{RELATIONS}/{kind}" Target="{target}"/>"#)
        };
        let list: String = list.iter().map(one).collect();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="{PACKAGE}">{list}</Relationships>"#
        )
    };
    let root = relations(&[
        ("rId4", "custom-properties", "docProps/custom.xml"),
        ("rId3", "extended-properties", "docProps/app.xml"),
        ("rId1", "officeDocument", "xl/workbook.xml"),
    ]);
    let of_book = relations(&[
        ("rId5", "sharedStrings", "sharedStrings.xml"),
        ("rId4", "styles", "styles.xml"),
        ("rId3", "theme", "theme/theme1.xml"),
        ("rId1", "worksheet", "worksheets/sheet1.xml"),
    ]);
    let book = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><fileVersion appName="xl" lastEdited="3" lowestEdited="5" rupBuild="9302"/><workbookPr/><bookViews><workbookView windowWidth="27945" windowHeight="12255"/></bookViews><sheets><sheet name="名单" sheetId="1" r:id="rId1"/></sheets><definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">名单!$A$1:$E$4</definedName></definedNames><calcPr calcId="144525"/></workbook>"#
    );
    let styles = format!(
        r#"<styleSheet xmlns="{MAIN}"><numFmts count="6"><numFmt numFmtId="44" formatCode="_ &quot;￥&quot;* #,##0.00_ ;_ &quot;￥&quot;* \-#,##0.00_ ;_ &quot;￥&quot;* &quot;-&quot;??_ ;_ @_ "/><numFmt numFmtId="41" formatCode="_ * #,##0_ ;_ * \-#,##0_ ;_ * &quot;-&quot;_ ;_ @_ "/><numFmt numFmtId="176" formatCode="0_ "/><numFmt numFmtId="177" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/><numFmt numFmtId="178" formatCode="[$-804]aaaa;@"/><numFmt numFmtId="179" formatCode="000\ 0000\ 0000"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="6"><xf/><xf numFmtId="176" applyNumberFormat="1"/><xf numFmtId="177" applyNumberFormat="1"/><xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="179" applyNumberFormat="1"/></cellXfs></styleSheet>"#
    );
    let texts = [
        "姓名",
        "号码",
        "固话",
        "生日",
        "照片",
        "张三",
        "010-62345678",
        "李四",
        "13900139000",
        "王五",
        "13800138001\t",
        "2026/11/20",
    ];
    let text = |text: &&str| format!(r#"<si><t xml:space="preserve">{text}</t></si>"#);
    let shared = format!(
        r#"<sst xmlns="{MAIN}" count="{0}" uniqueCount="{0}">{1}</sst>"#,
        texts.len(),
        texts.iter().map(text).collect::<String>()
    );
    let picture = r#"<c r="E2" t="str"><f>_xlfn.DISPIMG("ID_5F2C9A6D8E7B4C3A9D1E0F6B8A7C5D4E",1)</f><v>=DISPIMG("ID_5F2C9A6D8E7B4C3A9D1E0F6B8A7C5D4E",1)</v></c>"#;
    let sheet = format!(
        r#"<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"><sheetPr filterMode="1"/><dimension ref="A1:E1048576"/><sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews><sheetFormatPr defaultColWidth="9" defaultRowHeight="13.5" outlineLevelCol="4"/><cols><col min="1" max="16384" width="9" style="1"/></cols><sheetData><row r="1" spans="1:5"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c><c r="E1" t="s"><v>4</v></c></row><row r="2" ht="80" customHeight="1" spans="1:5"><c r="A2" t="s"><v>5</v></c><c r="B2" s="1"><v>13800138000</v></c><c r="C2" s="3" t="s"><v>6</v></c><c r="D2" s="2"><v>46346</v></c>{picture}</row><row r="3" hidden="1" spans="1:5"><c r="A3" t="s"><v>7</v></c><c r="B3" s="3" t="s"><v>8</v></c><c r="C3" s="3"/><c r="D3" s="4"><v>46346</v></c></row><row r="4" spans="1:5"><c r="A4" t="s"><v>9</v></c><c r="B4" s="3" t="s"><v>10</v></c><c r="C4" s="5"/><c r="D4" s="3" t="s"><v>11</v></c></row><row r="1048576" spans="1:5"><c r="A1048576" s="1"/><c r="B1048576" s="1"/></row></sheetData><autoFilter ref="A1:E4"><extLst/></autoFilter><pageMargins left="0.75" right="0.75" top="1" bottom="1" header="0.5" footer="0.5"/><headerFooter/></worksheet>"#
    );
    let app = r#"<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>WPS 表格</Application><HeadingPairs/></Properties>"#;
    let custom = r#"<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="KSOProductBuildVer"><vt:lpwstr>2052-12.1.0.15990</vt:lpwstr></property></Properties>"#;
    let images =
        r#"<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"/>"#;
    zip_of(&[
        ("_rels/.rels", root.as_bytes()),
        ("docProps/app.xml", app.as_bytes()),
        ("docProps/custom.xml", custom.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", of_book.as_bytes()),
        ("xl/cellimages.xml", images.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/sharedStrings.xml", shared.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        (
            "[Content_Types].xml",
            b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
    ])
}

/// An .et is an .xls with a stream of WPS's own.
fn et(place: &Place) -> PathBuf {
    let legacy = std::fs::read(fixture("leads.xls")).unwrap();
    let path = place.file("名单.et", &legacy);
    let mut file = cfb::open_rw(&path).unwrap();
    let mut own = file.create_stream("/ETExtData").unwrap();
    own.write_all(&[0x5a; 600]).unwrap();
    drop(own);
    file.flush().unwrap();
    path
}

#[test]
fn files_of_wps_are_read_as_the_others() {
    let place = Place::new();
    let csv = "姓名,号码,生日\r\n张三,13800138000\t,2026/11/20\r\n李四,1.38E+10,2026年11月20日\r\n";
    check(vec![
        case(
            "xlsx",
            place.file("名单.xlsx", &workbook()),
            "titles in row 1
             2: 13800138000+01062345678 张三|2026-11-20|
             3: 13900139000 李四|2026-11-20|
             4: 13800138001 王五|2026-11-20|
             ! 1 hidden rows were read as the others
             ! column \"照片\" is unknown, ignored",
        ),
        case(
            "et",
            et(&place),
            "titles in row 1
             2: 13800138000 张三||
             3: 01012345678 李四||
             4: PHONE_SCIENTIFIC in 号码
             ! column \"客户意向\" is unknown, ignored",
        ),
        case(
            "csv, in the encoding of Chinese Windows",
            place.file("名单.csv", &encoding_rs::GBK.encode(csv).0),
            "titles in row 1
             2: 13800138000 张三|2026-11-20|
             3: PHONE_SCIENTIFIC in 号码",
        ),
    ]);
}
