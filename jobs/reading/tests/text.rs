//! Text with separators.

use super::{make::Place, *};

#[test]
fn text_is_read_in_every_encoding() {
    let plain = "姓名,号码\n\"张\n三\",13800138000\n李四,13900139000\n";
    let units = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(plain.encode_utf16())
            .flat_map(order)
            .collect()
    };
    let place = Place::new();
    let files = [
        ("utf8", plain.as_bytes().to_vec()),
        ("utf8 mark", [b"\xef\xbb\xbf", plain.as_bytes()].concat()),
        ("gb18030", encoding_rs::GB18030.encode(plain).0.into_owned()),
        ("utf16le mark", units(u16::to_le_bytes, true)),
        ("utf16be mark", units(u16::to_be_bytes, true)),
        ("utf16le", units(u16::to_le_bytes, false)),
        ("utf16be", units(u16::to_be_bytes, false)),
    ];
    let expect = "titles in row 1\n2: 13800138000 张\n三||\n3: 13900139000 李四||";
    for (name, bytes) in files {
        let file = place.file("list.xls", &bytes);
        assert_eq!(told(&source(file, Options::default())), expect, "{name}");
    }
}

#[test]
fn rows_keep_their_numbers_whatever_separates_them() {
    let place = Place::new();
    check(vec![
        case(
            "semicolons, with commas in the names",
            place.text("a.csv", "姓名;号码;数量\r\n张,三;13800138000;1,000\r\n李,四;13900139000;x\r\n"),
            "titles in row 1
             2: 13800138000 张,三||1,000
             3: NOT_NUMBER in 数量",
        ),
        case(
            "tabs, blank lines count",
            place.text("b.tsv", "姓名\t号码\n\n\n张三\t13800138000\n\n李四\t13900139000"),
            "titles in row 1
             4: 13800138000 张三||
             6: 13900139000 李四||",
        ),
        case(
            "bars, named by the first line",
            place.text("c.txt", "sep=|\n姓名|号码\n张三|13800138000\n"),
            "titles in row 2
             3: 13800138000 张三||
             ! the titles stand in row 2; what is above is not read",
        ),
        case(
            "texts guarded as formulas, errors, trailing columns",
            place.text("d.csv", "姓名,号码,固话,,\n张三,=\"013800138000\",'010-62345678,,\n#REF!,13800138000,,,\n王五,13800138000,,,x\n"),
            "titles in row 1
             2: 013800138000+01062345678 张三||
             3: CELL_ERROR in 姓名
             4: 13800138000 王五||
             ! row 4 has values beyond the last title, ignored",
        ),
        case(
            "a quotation mark that is never closed",
            place.text("e.csv", &format!("姓名,号码\n\"张三,{}", "1380013800,\n".repeat(500_000))),
            "failed: FILE_DAMAGED",
        ),
    ]);
}
