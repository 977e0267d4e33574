use engine::import_row::Cell;
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{super::*, *};

const SHARED: &str = r#"<x:sst xmlns:x="m" count="9" uniqueCount="7"><x:si><x:t> 姓名 </x:t></x:si>
<si><t xml:space="preserve"> a </t></si><si><r><t>红</t></r><r><rPr/><t>色</t></r><rPh sb="0" eb="1"><t>hong</t></rPh></si>
<si/><si><t>&lt;&#x4E2D;&amp;_x000D_<![CDATA[<b>]]></t></si><si><t>#N/A</t></si><si><t>_x5F_</t></si></x:sst>"#;
const STYLES: &str = r#"<styleSheet><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/>
<numFmt numFmtId="165" formatCode="[h]:mm"/></numFmts><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>
<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165"/><xf numFmtId="14"/><xf numFmtId="2"/></cellXfs></styleSheet>"#;
const SHEET: &str = r#"<worksheet><dimension ref="A1:H5"/><cols><col min="2" max="2" hidden="1"/></cols><sheetData>
<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="s"><v>3</v></c></row>
<row><c t="s"><v>4</v></c><c r="F2" t="s"><v>5</v></c><c t="s"><v>6</v></c></row>
<row r="3" hidden="1"><c r="A3" s="1"><v>45000.5</v></c><c r="B3" s="2"><v>1.5</v></c><c r="C3" s="3"><v>0.25</v></c>
<c r="D3" s="4" t="n"><v>1.38E+10</v></c><c r="E3" s="99"><v>7</v></c><c r="F3"><v>x1</v></c><c r="G3"/><c r="H3" s="1"><v/></c></row>
<row r="4"><c r="A4" t="inlineStr"><v>0</v><is><t>inside</t></is></c><c r="B4" t="str"><f>A1&amp;"x"</f><v>a&lt;_x000D_</v></c>
<c r="C4" t="b"><v>1</v></c><c r="D4" t="e"><v>#DIV/0!</v></c><c r="E4" t="e"><v>#SPILL!</v></c><c r="F4" t="d"><v>2026-11-20T08:00:00</v></c></row>
<row r="5"><c r="A5" t="s"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A3:A5"/></mergeCells></worksheet>"#;

fn book(dir: &TempDir, shared: &str, sheet: &str) -> std::path::PathBuf {
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let of = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{relation}/{kind}" Target="{target}"/>"#)
    };
    let relations = |all: &str| format!("<Relationships>{all}</Relationships>");
    let workbook = format!(
        r#"<workbook xmlns:r="{relation}"><workbookPr date1904="1"/><sheets><sheet name="名单" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let parts = [
        (
            "_rels/.rels",
            relations(&of("rId1", "officeDocument", "xl/workbook.xml")),
        ),
        ("xl/workbook.xml", workbook),
        (
            "xl/_rels/workbook.xml.rels",
            relations(&of("rId1", "worksheet", "worksheets/sheet1.xml")),
        ),
        ("xl/SharedStrings.xml", shared.to_owned()),
        ("xl/styles.xml", STYLES.to_owned()),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ];
    let path = dir.path().join("book.xlsx");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    path
}

#[test]
fn every_kind_of_cell_is_read_as_the_library_reads_it() {
    let dir = TempDir::new().unwrap();
    let path = book(&dir, SHARED, SHEET);
    peek::agrees(&path, None);
    let mut rows = Vec::new();
    xlsx::read_within(&path, 0, None, &mut |part| {
        if let Part::Row(row) = part {
            rows.push(row);
        }
        Ok(Flow::On)
    })
    .unwrap();
    let cells = rows[..2].iter().flat_map(|row| &row.cells);
    let texts = ["姓名", " a ", "红色", "", "<中&\r<b>"].map(|text| Cell::Text(text.into()));
    assert!(cells.take(5).eq(&texts), "{rows:?}");
    assert_eq!(rows[2].cells[3], Cell::Number(13_800_000_000.0));
    assert!(matches!(rows[2].cells[0], Cell::Moment(_)), "{:?}", rows[2]);
    assert_eq!(rows[3].cells[0], Cell::Text("inside".into()));
    assert_eq!(rows[3].cells[4], Cell::Error("#ERROR!"));
}

#[test]
fn what_does_not_fit_together_is_damaged() {
    let dir = TempDir::new().unwrap();
    let sheet = |cells: &str| {
        format!(r#"<worksheet><sheetData><row r="1">{cells}</row></sheetData></worksheet>"#)
    };
    for (shared, sheet) in [
        (SHARED, sheet(r#"<c r="A1" t="s"><v>7</v></c>"#)),
        (SHARED, sheet(r#"<c r="A1" t="n"><v>one</v></c>"#)),
        (SHARED, sheet(r#"<c r="A1" t="b"><v>maybe</v></c>"#)),
        (SHARED, sheet(r#"<c r="A1" t="new"><v>1</v></c>"#)),
        (SHARED, sheet(r#"<c r="11"><v>1</v></c>"#)),
        (SHARED, sheet(r#"<c r="A0"><v>1</v></c>"#)),
        (SHARED, sheet(r#"<c r="A1"><v>1</v>"#)),
        (SHARED, "<worksheet/>".to_owned()),
        ("<sst><si><t>half", sheet("")),
        ("<sst><si><t>&nothing;</t></si></sst>", sheet("")),
    ] {
        let path = book(&dir, shared, &sheet);
        peek::agrees(&path, None);
        let read = xlsx::read_within(&path, 0, None, &mut |_| Ok(Flow::On));
        assert_eq!(read.unwrap_err().code(), "FILE_DAMAGED", "{sheet}");
    }
}
