//! Files that were cut off or changed on their way, and rows of anything.

use engine::import_row::{original, show};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{make::Place, *};
use crate::testing::fixture;

const SEED: u64 = 20_261_120;

#[test]
fn a_file_that_was_cut_or_changed_is_told_or_read_but_never_the_end() {
    let place = Place::new();
    let book = place.book("whole.xlsx", |sheet| {
        sheet.write_row(0, 0, ["姓名", "号码"]).unwrap();
        for row in 1..60 {
            sheet.write(row, 0, format!("客户{row}")).unwrap();
            sheet
                .write(row, 1, 13_800_138_000_i64 + i64::from(row))
                .unwrap();
        }
    });
    let legacy = fixture("leads.xls");
    let binary = super::make::xlsb(&[
        &[super::make::Xlsb::Text("号码")],
        &[super::make::Xlsb::Number(1e10)],
    ]);
    let text = "姓名,号码\n张三,13800138000\n".repeat(40);
    let whole = [
        std::fs::read(book).unwrap(),
        std::fs::read(legacy).unwrap(),
        binary,
        encoding_rs::GB18030.encode(&text).0.into_owned(),
    ];
    let mut random = StdRng::seed_from_u64(SEED);
    for (kind, bytes) in whole.iter().enumerate() {
        for turn in 0..100 {
            let mut bytes = bytes.clone();
            if turn % 4 == 0 {
                bytes.truncate(random.random_range(0..bytes.len()));
            } else {
                for _ in 0..random.random_range(1..8) {
                    let at = random.random_range(0..bytes.len());
                    bytes[at] ^= 1 << random.random_range(0..8);
                }
            }
            let file = place.file("broken.bin", &bytes);
            let told = told(&source(file, Options::default()));
            let last = told.lines().last().unwrap_or_default();
            let code = last.strip_prefix("failed: ").unwrap_or("FILE_DAMAGED");
            let known = [
                "FILE_DAMAGED",
                "NOT_A_SPREADSHEET",
                "FILE_ENCRYPTED",
                "ARCHIVE_BOMB",
                "SHEET_TOO_LARGE",
                "PHONE_COLUMN_MISSING",
                "TOO_MANY_COLUMNS",
                "TOO_MANY_ROWS",
            ];
            assert!(
                known.contains(&code),
                "seed {SEED}, file {kind}, turn {turn}: {told}"
            );
        }
    }
}

#[test]
fn every_row_is_a_lead_a_reject_or_blank_and_what_is_kept_is_kept_again() {
    let pieces = [
        "",
        " ",
        "13800138000",
        "010-62345678",
        "１３８",
        "1.38E+10",
        "/",
        ",",
        "或",
        "\u{200b}",
        "'",
        "=\"1\"",
        "2026-11-20",
        "张三",
        "+86",
        "转8",
        "\n",
        "#REF!",
        "0",
    ];
    let mut random = StdRng::seed_from_u64(SEED);
    let titles: Vec<String> = fields().iter().map(|field| field.title.clone()).collect();
    let plan = Plan::of(&titles, &fields()).unwrap();
    let (mut rows, mut kept) = (0, 0);
    for _ in 0..4_000 {
        let cells: Vec<Cell> = (0..random.random_range(0..8))
            .map(|_| match random.random_range(0..9) {
                0 => Cell::Empty,
                1 => Cell::Number(random.random_range(-10.0..2e16)),
                2 => Cell::Number(f64::from_bits(random.random())),
                3 => Cell::Bool(random.random()),
                4 => Cell::Error("#N/A"),
                _ => {
                    let many = random.random_range(0..4);
                    let part = |_| pieces[random.random_range(0..pieces.len())];
                    Cell::Text((0..many).map(part).collect())
                }
            })
            .collect();
        rows += 1;
        assert!(cells.iter().all(|cell| original(cell).len() < 500));
        let Ok(lead) = plan.read(&cells) else {
            kept += 1;
            continue;
        };
        kept += 1;
        let again: Vec<Cell> = fields()
            .iter()
            .map(|field| match lead.data.to_map().get(&field.code) {
                Some(text) => Cell::Text(text.clone()),
                None => Cell::Empty,
            })
            .collect();
        let second = plan
            .read(&again)
            .unwrap_or_else(|bad| panic!("{cells:?}: {bad:?}"));
        assert_eq!(second.data, lead.data, "{cells:?}");
        assert_eq!(second.phones, lead.phones, "{cells:?}");
        for cell in &cells {
            let shown = show(cell).map(Cell::Text);
            assert_eq!(shown.as_ref().and_then(show), show(cell), "{cell:?}");
        }
    }
    assert_eq!(rows, kept);
}
