//! The file itself: .xlsx in constant memory, or .csv.

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::{
    error::JobError,
    write_sheet::{Value, Writer, harmless},
};

/// Rows of a sheet below its header.
const SHEET_ROWS: u32 = 1_048_575;
/// So that spreadsheets read .csv as UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

pub enum File {
    Xlsx {
        writer: Box<Writer>,
        titles: Vec<String>,
        /// On the sheet that is being written.
        rows: u32,
        sheets: u32,
    },
    Csv {
        writer: Box<csv::Writer<BufWriter<fs::File>>>,
        part: PathBuf,
        path: PathBuf,
    },
}

impl File {
    /// Begins a file; its name says which kind it is.
    pub fn begin(path: &Path, titles: &[&str]) -> Result<Self, JobError> {
        if path.extension().is_some_and(|extension| extension == "csv") {
            return Self::csv(path, titles);
        }
        Ok(Self::Xlsx {
            writer: Box::new(Writer::new(path, "名单 1", titles)?),
            titles: titles.iter().map(|title| (*title).to_owned()).collect(),
            rows: 0,
            sheets: 1,
        })
    }

    fn csv(path: &Path, titles: &[&str]) -> Result<Self, JobError> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let part = path.with_extension(format!("{}.part", uuid::Uuid::new_v4().simple()));
        let mut file = BufWriter::new(fs::File::create(&part)?);
        file.write_all(BOM)?;
        let mut writer = csv::Writer::from_writer(file);
        let titles = titles.iter().map(|title| harmless(title));
        writer.write_record(titles).map_err(std::io::Error::from)?;
        Ok(Self::Csv {
            writer: Box::new(writer),
            part,
            path: path.into(),
        })
    }

    pub fn row(&mut self, cells: Vec<String>) -> Result<(), JobError> {
        match self {
            Self::Xlsx {
                writer,
                titles,
                rows,
                sheets,
            } => {
                if *rows == SHEET_ROWS {
                    *sheets += 1;
                    *rows = 0;
                    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
                    writer.sheet(&format!("名单 {sheets}"), &titles)?;
                }
                *rows += 1;
                let cells: Vec<Value> = cells.into_iter().map(Value::Text).collect();
                writer.row(&cells)
            }
            Self::Csv { writer, .. } => {
                let cells = cells.iter().map(|cell| harmless(cell));
                Ok(writer.write_record(cells).map_err(std::io::Error::from)?)
            }
        }
    }

    /// Ends the file: only now it stands under its name.
    pub fn finish(self) -> Result<(), JobError> {
        match self {
            Self::Xlsx { writer, .. } => writer.finish(),
            Self::Csv {
                mut writer,
                part,
                path,
            } => {
                writer.flush()?;
                drop(writer);
                Ok(fs::rename(part, path)?)
            }
        }
    }
}
