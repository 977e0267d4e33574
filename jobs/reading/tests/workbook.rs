//! Workbooks as Excel and WPS write them.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula};

use super::{
    make::{MAIN, Place, Xlsb, xlsb},
    *,
};

#[test]
fn cells_are_read_as_they_are() {
    let place = Place::new();
    let file = place.book("cells.xlsx", |sheet| {
        sheet
            .write_row(0, 0, ["姓名", "号码", "固话", "生日", "数量"])
            .unwrap();
        let day = ExcelDateTime::from_ymd(2026, 11, 20).unwrap();
        let dated = Format::new().set_num_format("yyyy-mm-dd");
        sheet
            .write_row(
                1,
                0,
                ["\u{200b}张三\u{a0} ", "\u{202d}138 0013 8000\u{202c}"],
            )
            .unwrap();
        sheet.write_with_format(1, 3, &day, &dated).unwrap();
        sheet.write(1, 4, 0.1 + 0.2).unwrap();
        sheet.write(2, 1, 13_800_138_001_i64).unwrap();
        sheet.write(2, 3, 46_346).unwrap();
        sheet.write(2, 4, "１２").unwrap();
        sheet.write(3, 1, "13800138002.0").unwrap();
        sheet.write(3, 3, "2026年11月20日").unwrap();
        sheet.write(4, 1, "1.38E+10").unwrap();
        sheet.write(5, 1, 1_062_345_678_i64).unwrap();
        sheet.write(6, 1, "13800138003/13900139003;12").unwrap();
        sheet.write(6, 2, "01062345678").unwrap();
        sheet
            .write_formula(7, 1, Formula::new("=13800138004").set_result("13800138004"))
            .unwrap();
        sheet
            .write_formula(8, 1, Formula::new("=A0").set_result("#REF!"))
            .unwrap();
        sheet.write_with_format(9, 1, &day, &dated).unwrap();
        sheet.write(10, 1, true).unwrap();
        sheet.write(11, 1, "1062345678").unwrap();
        sheet.write(12, 0, "没有号码").unwrap();
        sheet.write(13, 1, "13800138005").unwrap();
        sheet.write(13, 3, "2026").unwrap();
    });
    check(vec![case(
        "cells",
        file,
        "titles in row 1
         2: 13800138000 张三|2026-11-20|0.3
         3: 13800138001 |2026-11-20|１２
         4: 13800138002 |2026-11-20|
         5: PHONE_SCIENTIFIC in 号码
         6: PHONE_LEADING_ZERO_LOST in 号码
         7: 13800138003+13900139003+01062345678 ||
         8: 13800138004 ||
         9: CELL_ERROR in 号码
         10: PHONE_IS_DATE in 号码
         11: PHONE_CHARACTERS in 号码
         12: 1062345678 ||
         13: PHONE_EMPTY in 号码
         14: NOT_DATE in 生日
         ! column \"号码\": 1 cells look like landline numbers without their leading zero and were kept
         ! column \"号码\": 1 cells held several numbers, of which some cannot be dialled",
    )]);
}

#[test]
fn titles_sheets_merges_and_hidden_rows_are_found_and_told() {
    let place = Place::new();
    let list = place.books(
        "list.xlsx",
        &[
            ("说明", &|_| {}),
            ("名单", &|sheet| {
                sheet
                    .merge_range(0, 0, 0, 3, "2026年11月名单", &Format::new())
                    .unwrap();
                sheet
                    .write_row(2, 0, ["姓名", "号码", "", "号码", "颜色"])
                    .unwrap();
                sheet
                    .merge_range(3, 0, 5, 0, "张三", &Format::new())
                    .unwrap();
                for row in 3..6 {
                    sheet
                        .write(row, 1, 13_800_138_000_i64 + i64::from(row))
                        .unwrap();
                }
                sheet.write(4, 2, "?").unwrap();
                sheet.set_row_hidden(4).unwrap();
                sheet.set_column_hidden(4).unwrap();
            }),
            ("旧", &|sheet| {
                sheet.write(0, 0, "x").unwrap();
            }),
        ],
    );
    let by_number = Options {
        sheet: Some("3".into()),
        ..Options::default()
    };
    let no_titles = Options {
        header_row: Some(0),
        ..mapped(&[("B", "f2"), ("A", "f1")])
    };
    check(vec![
        case(
            "titles in the third row of the second sheet",
            list.clone(),
            "titles in row 3
             4: 13800138003 张三||
             5: 13800138004 张三||
             6: 13800138005 张三||
             ! only the sheet \"名单\" was read, not \"旧\"
             ! the titles stand in row 3; what is above is not read
             ! 1 hidden rows were read as the others
             ! 1 hidden columns were read as the others
             ! 1 merged cells reach over several rows; each of these has their value
             ! column \"号码\" is ignored until its mapping is confirmed: the title is another word for the field's
             ! column \"颜色\" is unknown, ignored
             ! column C has values but no title, ignored",
        ),
        Case {
            name: "a sheet by its number",
            file: list.clone(),
            options: by_number,
            expect: "titles in row 1
                     failed: PHONE_COLUMN_MISSING",
        },
        Case {
            name: "no titles at all",
            file: place.text("bare.csv", "张三,13800138000\n李四,13900139000\n"),
            options: no_titles,
            expect: "titles in row 0
                     1: 13800138000 张三||
                     2: 13900139000 李四||",
        },
        Case {
            name: "another word for the phone, confirmed",
            file: place.text("tel.csv", "客户姓名,Tel\n张三,13800138000\n"),
            options: mapped(&[("Tel", "f2")]),
            expect: "titles in row 1
                     2: 13800138000 ||
                     ! column \"客户姓名\" is ignored until its mapping is confirmed: the title is another word for the field's",
        },
        case(
            "the same, not confirmed",
            place.text("tel2.csv", "客户姓名,Tel\n张三,13800138000\n"),
            "titles in row 1
             failed: PHONE_COLUMN_MISSING",
        ),
    ]);
}

#[test]
fn width_and_empty_rows_have_their_limits() {
    let place = Place::new();
    let wide = |name: &str, width: u16| {
        place.book(name, |sheet| {
            for column in 0..width {
                sheet.write(0, column, format!("t{column}")).unwrap();
            }
            sheet.write(0, 7, "号码").unwrap();
            sheet.write(1, 7, "13800138000").unwrap();
        })
    };
    let empty_rows: String = (2..=1_000_000)
        .map(|no| format!("<row r=\"{no}\" s=\"1\" ht=\"20\"/>"))
        .collect();
    let sheet = format!(
        r#"<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>号码</t></is></c></row>{empty_rows}<row r="1000001"><c r="A1000001"><v>13800138000</v></c></row></sheetData></worksheet>"#
    );
    let told_of = |file| told(&source(file, Options::default()));
    assert!(told_of(wide("200.xlsx", 200)).starts_with("titles in row 1\n2: 13800138000"));
    assert!(told_of(wide("201.xlsx", 201)).ends_with("failed: TOO_MANY_COLUMNS"));
    let bare = place.xml("rows.xlsx", "", "", &sheet);
    let told = told_of(bare);
    assert_eq!(told, "titles in row 1\n1000001: 13800138000 ||");
}

#[test]
fn odd_xml_is_read_as_what_it_means() {
    let place = Place::new();
    let shared = format!(
        r#"<sst xmlns="{MAIN}" count="4" uniqueCount="4"><si><r><rPr><b/></rPr><t>姓</t></r><r><t>名</t></r></si><si><t>号码</t><rPh sb="0" eb="2"><t>haoma</t></rPh></si><si><t xml:space="preserve"> 张&amp;三 </t></si><si><t/></si></sst>"#
    );
    let prefixed = format!(
        r#"<x:worksheet xmlns:x="{MAIN}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac"><mc:AlternateContent><mc:Choice Requires="a"/></mc:AlternateContent><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>生日</x:t></x:is></x:c></x:row><x:row><x:c t="s"><x:v>2</x:v></x:c><x:c><x:v>1.3800138E10</x:v></x:c><x:c><x:v>44884</x:v></x:c></x:row><x:row r="5"><x:c r="A5" t="e"><x:v>#SPILL!</x:v></x:c><x:c r="B5" t="str"><x:f>A1</x:f><x:v>13900139000</x:v></x:c></x:row></x:sheetData></x:worksheet>"#
    );
    let backwards = format!(
        r#"<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>号码</t></is></c></row><row r="9"><c r="A9"><v>13800138000</v></c></row><row r="3"><c r="A3"><v>13800138001</v></c></row></sheetData></worksheet>"#
    );
    let greedy = r#"<sst uniqueCount="900000000000"><si><t>x</t></si></sst>"#;
    let plain = format!(r#"<worksheet xmlns="{MAIN}"><sheetData/></worksheet>"#);
    check(vec![
        case(
            "prefixes, no places, no dimension, rich and phonetic texts, 1904",
            place.xml(
                "wps.xlsx",
                r#"<workbookPr date1904="1"/>"#,
                &shared,
                &prefixed,
            ),
            "titles in row 1
             2: 13800138000 张&三|2026-11-20|
             5: CELL_ERROR in 姓名",
        ),
        case(
            "rows out of order",
            place.xml("order.xlsx", "", "", &backwards),
            "failed: FILE_DAMAGED",
        ),
        case(
            "a claim of more shared texts than there is memory",
            place.xml("greedy.xlsx", "", greedy, &plain),
            "failed: ARCHIVE_BOMB",
        ),
    ]);
}

#[test]
fn binary_workbooks_are_read_as_the_others() {
    use Xlsb::{Empty, Failed, Number, Text};
    let place = Place::new();
    let bytes = xlsb(&[
        &[Text("姓名"), Text("号码")],
        &[Text("张三"), Number(13_800_138_000.0)],
        &[Empty, Text("13900139000")],
        &[Failed, Text("13900139001")],
    ]);
    check(vec![case(
        "xlsb",
        place.file("list.xlsx", &bytes),
        "titles in row 1
         2: 13800138000 张三||
         3: 13900139000 张三||
         4: CELL_ERROR in 姓名
         ! 1 hidden rows were read as the others
         ! 1 merged cells reach over several rows; each of these has their value",
    )]);
}
