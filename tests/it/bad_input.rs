//! Files and requests that are wrong: each is told what is wrong, and the house goes on.

use reqwest::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::kit::{
    bad_files,
    client::Client,
    server::{House, Server},
    sheet,
    stage::{self, text},
    wait,
};

/// A name, what the file holds, and the code of what is wrong with it.
type Case = (&'static str, fn() -> Vec<u8>, &'static str);

const FILES: &[Case] = &[
    ("letter.xlsx", letter, "PHONE_COLUMN_MISSING"),
    ("picture.csv", picture, "NOT_A_SPREADSHEET"),
    ("encrypted.xlsx", bad_files::encrypted, "FILE_ENCRYPTED"),
    ("truncated.xlsx", bad_files::truncated, "FILE_DAMAGED"),
    ("bomb.xlsx", bomb, "ARCHIVE_BOMB"),
    ("no phone.xlsx", no_phone, "PHONE_COLUMN_MISSING"),
    ("wide.xlsx", wide, "TOO_MANY_COLUMNS"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_fails_its_import_with_a_code_and_the_next_one_is_read() {
    let house = House::new();
    let server = house.start();
    let api = house.admin().await;
    let (batch, _) = stage::empty_batch(&api, "bad files").await;
    let worker = Server::worker_of(server.id());
    for (name, bytes, code) in FILES {
        let answer = stage::upload(&api, &batch, name, bytes()).await;
        assert_eq!(answer.status, 202, "{name}: {}", answer.body);
        let import = stage::imported(&api, &text(&answer.body["import_id"])).await;
        assert_eq!(import["state"], "failed", "{name}: {import:#}");
        assert_eq!(import["error_code"], *code, "{name}: {import:#}");
        assert!(
            import["error_text"]
                .as_str()
                .is_some_and(|told| told.len() > 10),
            "{import:#}"
        );
        assert_eq!(import["good"], 0, "{name}: {import:#}");
    }
    // Its one cell far out is no row: there is nothing to import, and nothing to complain of.
    let answer = stage::upload(&api, &batch, "huge.xlsx", bad_files::huge_range()).await;
    let import = stage::imported(&api, &text(&answer.body["import_id"])).await;
    assert_eq!(
        (&import["state"], &import["good"]),
        (&json!("succeeded"), &json!(0))
    );
    let good = sheet::xlsx(sheet::HEADER, &sheet::leads(&["13800138000"]));
    let answer = stage::upload(&api, &batch, "good.xlsx", good).await;
    let import = stage::imported(&api, &text(&answer.body["import_id"])).await;
    assert_eq!(
        (&import["state"], &import["good"]),
        (&json!("succeeded"), &json!(1))
    );
    assert_eq!(
        Server::worker_of(server.id()),
        worker,
        "a bad file ended the worker"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_is_a_reject_with_row_column_and_reason() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let (batch, _) = stage::empty_batch(&api, "bad rows").await;
    let answer = stage::upload(&api, &batch, "rows.xlsx", rows()).await;
    let import = text(&answer.body["import_id"]);
    let done = stage::imported(&api, &import).await;
    assert_eq!(done["state"], "succeeded", "{done:#}");
    assert_eq!(done["good"], 2, "{done:#}");
    assert_eq!(done["duplicate"], 1, "{done:#}");

    let rejects = api.all(&format!("/imports/{import}/invalid")).await;
    let seen: Vec<(u64, &str, &str)> = rejects
        .iter()
        .map(|reject| {
            let row = reject["row_no"].as_u64().expect("a row");
            let column = reject["column_title"].as_str().expect("a title");
            (row, column, reject["code"].as_str().expect("a code"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            (4, "phone", "PHONE_SCIENTIFIC"),
            (5, "phone", "PHONE_LEADING_ZERO_LOST"),
            (6, "phone", "PHONE_EMPTY"),
            (7, "phone", "PHONE_CHARACTERS"),
            (8, "age", "NOT_WHOLE_NUMBER"),
        ]
    );
    assert_eq!(done["invalid"], seen.len(), "{done:#}");

    let sheet = sheet::read(
        api.download(&format!("/imports/{import}/invalid.xlsx"))
            .await,
    );
    assert_eq!(
        sheet.len(),
        seen.len() + 1,
        "a header and every reject: {sheet:?}"
    );
    assert!(sheet[1].iter().any(|cell| cell == "1.38E+10"), "{sheet:?}");
    assert_eq!(sheet[0][..4], ["name", "phone", "city", "age"], "{sheet:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_file_is_looked_at_and_then_imported_from_where_it_lies() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let (batch, codes) = stage::empty_batch(&api, "odd").await;
    let preview = format!("/batches/{batch}/imports/preview");
    let answer = api.upload(&preview, &[], "odd.txt", odd()).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let looked = looked(&api, &text(&answer.body["preview_id"])).await;
    let outcome = &looked["outcome"];
    assert_eq!(
        outcome["blocked"]["code"], "PHONE_COLUMN_MISSING",
        "{looked:#}"
    );
    assert_eq!(outcome["header_row"], 3, "{looked:#}");
    let suggested = &outcome["columns"][1];
    assert_eq!(
        (
            &suggested["field"],
            &suggested["reason"],
            &suggested["applies"]
        ),
        (&json!(codes[1]), &json!("synonym"), &json!(false)),
        "{looked:#}"
    );

    let mapping = json!({ "B": codes[1] }).to_string();
    let of_preview = [
        ("preview_id", looked["id"].as_str().expect("an id")),
        ("mapping", &mapping),
    ];
    let answer = api
        .form(&format!("/batches/{batch}/imports"), &of_preview)
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let import = text(&answer.body["import_id"]);
    let done = stage::imported(&api, &import).await;
    assert_eq!(
        (&done["state"], &done["good"], &done["invalid"]),
        (&json!("succeeded"), &json!(2), &json!(1)),
        "{done:#}"
    );
    let told = done["warnings"].to_string();
    assert!(told.contains("the titles stand in row 3"), "{told}");
    let rejects = sheet::read(
        api.download(&format!("/imports/{import}/invalid.xlsx"))
            .await,
    );
    assert_eq!(rejects[0][..3], ["name", "手机号", "city"], "{rejects:?}");
    assert_eq!(rejects[1][..3], ["李四", "1.38E+10", "上海"], "{rejects:?}");

    // A file with the same titles needs no mapping any more, and is read from its bytes alone.
    let again = String::from_utf8_lossy(&odd_text()).replace("138 0013 8000", "138 0013 8009");
    let answer = stage::upload(&api, &batch, "again.xls", again.into_bytes()).await;
    let done = stage::imported(&api, &text(&answer.body["import_id"])).await;
    assert_eq!(done["good"], 1, "{done:#}");
}

/// Waits until a dry run is over and gives it.
async fn looked(api: &Client, preview: &str) -> Value {
    wait::until_seen(
        "the dry run to end",
        stage::WORK,
        || async { api.get(&format!("/imports/previews/{preview}")).await },
        |preview| matches!(preview["state"].as_str(), Some("succeeded" | "failed")),
    )
    .await
}

/// Titles in the third row, one of them only another word; several numbers in a cell; a line end in one.
fn odd_text() -> Vec<u8> {
    "2026年11月名单;;\n\nname;手机号;city\n张三;\u{200b}138 0013 8000/12;\"北\n京\"\n李四;1.38E+10;上海\n王五;１３９００１３９０００;\n"
        .as_bytes()
        .to_vec()
}

/// The same in UTF-16 without a mark.
fn odd() -> Vec<u8> {
    let text = String::from_utf8(odd_text()).expect("text");
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_is_a_problem_with_a_code() {
    let house = House::new();
    let _server = house.start();
    let api = house.admin().await;
    let (batch, codes) = stage::empty_batch(&api, "requests").await;
    let filter = json!({ "name": "all", "batch_id": batch });
    let filter = text(&api.post("/filters", filter).await["id"]);
    let campaign = json!({ "name": "c", "campaign_type": "robot", "filter_id": filter });
    let campaign = text(&api.post("/campaigns", campaign).await["id"]);
    let start = format!("/campaigns/{campaign}/start");

    refused(&api, "/batches", json!({ "nom": "x" }), 422, "INVALID").await;
    refused(
        &api,
        "/batches",
        json!({ "name": "requests" }),
        409,
        "NAME_TAKEN",
    )
    .await;
    refused(&api, "/batches", json!("{"), 422, "INVALID").await;
    refused(
        &api,
        "/campaigns/cmp_none/start",
        json!({}),
        404,
        "NOT_FOUND",
    )
    .await;
    refused(&api, &start, json!({}), 409, "NO_TARGETS").await;
    let targets = json!([{ "target_type": "robot", "target_id": "robot" }]);
    api.put(&format!("/campaigns/{campaign}/targets"), targets)
        .await;
    refused(&api, &start, json!({}), 422, "GATEWAY_MISSING").await;

    let condition = json!([{ "field": codes[3], "op": "gt", "value": "old", "connector": "AND" }]);
    let path = format!("/filters/{filter}/conditions");
    let answer = api.ask(Method::PUT, &path, Some(condition)).await;
    assert_eq!(answer.body["errors"][0]["pointer"], "/0", "{}", answer.body);

    let nobody = reqwest::get(format!("{}/batches", api.base()))
        .await
        .expect("an answer");
    assert_eq!(nobody.status(), 401);
}

async fn refused(api: &Client, path: &str, body: Value, status: u16, code: &str) {
    let answer = api.ask(Method::POST, path, Some(body)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (status, code),
        "{path}: {}",
        answer.body
    );
}

fn letter() -> Vec<u8> {
    b"Dear Sir or Madam,\n\nplease find the list attached.\n".to_vec()
}

fn picture() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend((0..=255).cycle().take(4096));
    bytes
}

fn bomb() -> Vec<u8> {
    bad_files::zip_bomb(64)
}

fn no_phone() -> Vec<u8> {
    sheet::xlsx(&["name", "city", "age"], &[vec!["Li", "Suzhou", "40"]])
}

fn wide() -> Vec<u8> {
    let titles: Vec<String> = (0..250).map(|n| format!("column {n}")).collect();
    let header: Vec<&str> = ["phone"]
        .into_iter()
        .chain(titles.iter().map(String::as_str))
        .collect();
    sheet::xlsx(&header, &[vec!["13800138000"]])
}

/// Row 2 is good, row 3 too though its number is a number; then one row for each thing that goes
/// wrong with phone numbers in spreadsheets, and at last row 2 again.
fn rows() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(sheet::HEADER) {
        sheet.write(0, column, *title).expect("it fits");
    }
    for row in 1..9 {
        sheet
            .write(row, 0, format!("Row {}", row + 1))
            .expect("it fits");
        sheet.write(row, 2, "Suzhou").expect("it fits");
        sheet
            .write(row, 3, if row == 7 { "forty" } else { "40" })
            .expect("it fits");
    }
    let phones: [(u32, &str); 6] = [
        (1, "138-0013-8000"),
        (3, "1.38E+10"),
        (6, "call me"),
        (7, "13800138007"),
        (8, "13800138000"),
        (5, ""),
    ];
    for (row, phone) in phones {
        sheet.write_string(row, 1, phone).expect("it fits");
    }
    sheet
        .write_number(2, 1, 13_800_138_001_f64)
        .expect("it fits");
    sheet
        .write_number(4, 1, 2_583_123_456_f64)
        .expect("it fits");
    book.save_to_buffer().expect("it fits")
}
