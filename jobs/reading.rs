//! A file's rows, read with the batch's fields: what an import and its dry run have in common.
//!
//! The first rows are held back until the titles are found among them; nothing is read twice.

use std::{collections::BTreeMap, path::PathBuf};

use engine::{
    dictionary::Dictionary,
    field::{self, COLUMNS_MAX, Field},
    import_row::{Ask, Cell, Choice, Choices, NewLead, Plan, RowReject, Tally, letters, original},
    mapping::{self, Column, Known},
};
use store::{
    imports::{Mode, Options},
    mappings::Remembered,
};

use crate::{
    error::JobError,
    sheet::{self, About, Facts, Flow, HEAD_ROWS, Part, Row},
};

/// The last row that may hold the titles.
const HEADER_MAX: u32 = 1_000;
/// Rows behind the titles by which columns are judged.
const SAMPLE: usize = 50;

/// Everything that decides how a file is read.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    pub options: Options,
    pub fields: Vec<Field>,
    /// Those that the fields name.
    pub dictionaries: Vec<Dictionary>,
    /// Confirmed for earlier files of the batch, by signature of the header.
    pub remembered: BTreeMap<String, Remembered>,
}

/// What is known once the titles are.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub about: About,
    /// Sheet row of the titles; 0: there are none.
    pub row: u32,
    pub titles: Vec<String>,
    pub columns: Vec<Column>,
    /// What becomes of values in columns of choices.
    pub choices: Choices,
}

/// What is read, in this order: one head, then rows that hold something.
#[derive(Debug)]
pub enum Event<'a> {
    Head(&'a Head),
    Row(Read),
}

/// One row.
#[derive(Debug)]
pub struct Read {
    /// As the spreadsheet shows it, from 1.
    pub no: u32,
    pub cells: Vec<Cell>,
    pub lead: Result<NewLead, RowReject>,
}

/// What is known at the end.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// What the uploader should know.
    pub warnings: Vec<String>,
    pub titles: Vec<String>,
    /// What the uploader confirmed with this file, to be remembered for its header.
    pub confirmed: Option<(String, Remembered)>,
}

/// Takes events as they come.
pub type Take<'a> = dyn FnMut(Event<'_>) -> Result<Flow, JobError> + 'a;

/// Reads a file. Blocks.
///
/// # Errors
/// As [`sheet::read_sheet`] and [`Plan::over`] do, `HEADER_ROW_MISSING`, or what `take` returns. The
/// head is handed over before a mapping without phone column is refused.
pub fn read(source: &Source, take: &mut Take<'_>) -> Result<End, JobError> {
    let mut reading = Reading {
        source,
        take,
        about: About::default(),
        held: Vec::new(),
        started: None,
        tally: Tally::default(),
        facts: Facts::default(),
    };
    let sheet = source.options.sheet.as_deref();
    sheet::read_sheet(&source.path, sheet, &mut |part| reading.part(part))?;
    if reading.started.is_none() {
        reading.start()?;
    }
    Ok(reading.end())
}

/// The cells under titles as the sheet has them.
pub fn as_it_was(cells: &[Cell], width: usize) -> Vec<String> {
    let mut texts: Vec<String> = cells.iter().take(width).map(original).collect();
    texts.resize(width, String::new());
    texts
}

/// The row with the titles of a template, and the titles.
///
/// # Errors
/// As [`sheet::read_sheet`].
pub fn titles(source: &Source) -> Result<(u32, Vec<String>), JobError> {
    let mut held: Vec<Row> = Vec::new();
    let sheet = source.options.sheet.as_deref();
    sheet::read_sheet(&source.path, sheet, &mut |part| {
        if let Part::Row(row) = part {
            held.push(row);
        }
        let enough = held.len() >= HEAD_ROWS as usize;
        Ok(if enough { Flow::Stop } else { Flow::On })
    })?;
    let found = match source.options.header_row {
        Some(no) => held.iter().find(|row| row.no == no),
        None => header_among(&held, &source.fields).and_then(|at| held.get(at)),
    };
    Ok(found.map_or((1, Vec::new()), |row| (row.no, sheet::titles(&row.cells))))
}

struct Reading<'a, 'b> {
    source: &'a Source,
    take: &'a mut Take<'b>,
    about: About,
    /// Rows that came before the titles were found.
    held: Vec<Row>,
    started: Option<Started>,
    tally: Tally,
    facts: Facts,
}

struct Started {
    head: Head,
    plan: Plan,
    /// Columns without a title that hold something.
    untitled: BTreeMap<usize, bool>,
    /// A row that reaches beyond the titles.
    beyond: Option<u32>,
}

impl Reading<'_, '_> {
    fn part(&mut self, part: Part) -> Result<Flow, JobError> {
        match part {
            Part::About(about) => self.about = about,
            Part::Facts(facts) => self.facts = facts,
            Part::Row(row) if self.started.is_some() => return self.row(row),
            Part::Row(row) => {
                self.held.push(row);
                let header = self.source.options.header_row.unwrap_or_default();
                let past = self.held.last().is_some_and(|row| row.no > header);
                if self.held.len() > SAMPLE && past {
                    return self.start();
                }
            }
        }
        Ok(Flow::On)
    }

    /// Finds the titles among the rows that are held, and reads the rows behind them.
    fn start(&mut self) -> Result<Flow, JobError> {
        let held = std::mem::take(&mut self.held);
        let (row, titles) = self.header(&held)?;
        let sample: Vec<Vec<Cell>> = held
            .iter()
            .filter(|held| held.no > row)
            .take(SAMPLE)
            .map(|held| held.cells.clone())
            .collect();
        let signature = mapping::signature(&titles);
        let given = &self.source.options.mapping;
        let remembered = self.source.remembered.get(&signature).filter(|_| row > 0);
        let known = Known {
            given: Some(given),
            remembered: remembered.map(|remembered| &remembered.mapping),
        };
        let choices = self.choices(remembered);
        let columns = mapping::suggest(&titles, &sample, &self.source.fields, &known);
        let head = Head {
            about: self.about.clone(),
            row,
            titles,
            columns,
            choices,
        };
        if (self.take)(Event::Head(&head))? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        let ask = Ask {
            fields: &self.source.fields,
            dictionaries: &self.source.dictionaries,
            choices: &head.choices,
            is_1904: self.about.is_1904,
            adds_leads: self.source.options.mode != Mode::Update,
        };
        let plan = Plan::over(&head.columns, &ask)?;
        let untitled = head.columns.iter();
        let untitled = untitled.filter(|column| column.title.is_empty() && !column.applies);
        self.started = Some(Started {
            untitled: untitled.map(|column| (column.at, false)).collect(),
            beyond: None,
            plan,
            head,
        });
        for held in held.into_iter().filter(|held| held.no > row) {
            if self.row(held)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::On)
    }

    /// What is said of values with this file, and what was said of others with an earlier one.
    fn choices(&self, remembered: Option<&Remembered>) -> Choices {
        let mut choices = remembered.map_or_else(Choices::new, |old| old.choices.clone());
        for (code, given) in &self.source.options.choices {
            let of_field = choices.entry(code.clone()).or_default();
            of_field.extend(
                given
                    .iter()
                    .map(|(value, choice)| (value.clone(), choice.clone())),
            );
        }
        choices
    }

    fn header(&self, held: &[Row]) -> Result<(u32, Vec<String>), JobError> {
        match self.source.options.header_row {
            Some(0) => {
                let width = held.iter().map(|row| row.cells.len()).max();
                let width = width.unwrap_or_default().min(COLUMNS_MAX + 1);
                Ok((0, vec![String::new(); width]))
            }
            Some(no) => match held.iter().find(|row| row.no == no) {
                Some(row) if no <= HEADER_MAX => Ok((no, sheet::titles(&row.cells))),
                _ => Err(JobError::user(
                    "HEADER_ROW_MISSING",
                    format!("row {no}, which should hold the titles, is empty or not there"),
                )),
            },
            None => Ok(match header_among(held, &self.source.fields) {
                Some(at) => (held[at].no, sheet::titles(&held[at].cells)),
                None => (1, Vec::new()),
            }),
        }
    }

    fn row(&mut self, row: Row) -> Result<Flow, JobError> {
        let Some(started) = &mut self.started else {
            return Ok(Flow::On);
        };
        for (at, seen) in &mut started.untitled {
            *seen |= row.cells.get(*at).is_some_and(|cell| !cell.is_blank());
        }
        let width = started.head.titles.len();
        if started.beyond.is_none() && row.cells.len() > width {
            let beyond = row.cells[width..].iter().any(|cell| !cell.is_blank());
            started.beyond = beyond.then_some(row.no);
        }
        if started.plan.is_blank(&row.cells) {
            return Ok(Flow::On);
        }
        let lead = started.plan.read_telling(&row.cells, &mut self.tally);
        (self.take)(Event::Row(Read {
            no: row.no,
            cells: row.cells,
            lead,
        }))
    }

    fn end(self) -> End {
        let Some(started) = &self.started else {
            return End::default();
        };
        let head = &started.head;
        let mut warnings = of_sheet(head, self.facts);
        warnings.extend(unmatched(head, self.source));
        warnings.extend(started.plan.warnings.iter().cloned());
        for (at, _) in started.untitled.iter().filter(|(_, seen)| **seen) {
            let column = letters(*at);
            warnings.push(format!("column {column} has values but no title, ignored"));
        }
        if let Some(no) = started.beyond {
            warnings.push(format!(
                "row {no} has values beyond the last title, ignored"
            ));
        }
        warnings.extend(started.plan.told(&self.tally));
        let options = &self.source.options;
        let says = !options.mapping.is_empty() || !options.choices.is_empty();
        let confirms = says && head.row > 0;
        End {
            warnings,
            confirmed: confirms.then(|| {
                // What was added stands in the dictionary by now.
                let mut choices = head.choices.clone();
                for of_field in choices.values_mut() {
                    of_field.retain(|_, choice| *choice != Choice::Add);
                }
                choices.retain(|_, of_field| !of_field.is_empty());
                let remembered = Remembered {
                    mapping: mapping::confirmed(&head.columns),
                    choices,
                };
                (mapping::signature(&head.titles), remembered)
            }),
            titles: head.titles.clone(),
        }
    }
}

fn header_among(held: &[Row], fields: &[Field]) -> Option<usize> {
    let head = held.iter().take_while(|row| row.no <= HEAD_ROWS);
    let rows: Vec<&[Cell]> = head.map(|row| row.cells.as_slice()).collect();
    mapping::header_row(&rows, fields)
}

/// What of a confirmed mapping could not be followed.
fn unmatched(head: &Head, source: &Source) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, code) in &source.options.mapping {
        let named =
            |column: &Column| field::same_title(&column.title, name) || column.letters() == *name;
        if !head.columns.iter().any(named) {
            warnings.push(format!(
                "the mapping names a column \"{name}\" that the file does not have"
            ));
        }
        let is_field = |field: &Field| field.code == *code && field.is_imported();
        if !code.is_empty() && !source.fields.iter().any(is_field) {
            warnings.push(format!(
                "the mapping names a field \"{code}\" that no file fills"
            ));
        }
    }
    warnings
}

/// What is told of the sheet as a whole.
fn of_sheet(head: &Head, facts: Facts) -> Vec<String> {
    let mut warnings = Vec::new();
    if let (Some(sheet), false) = (&head.about.sheet, head.about.others.is_empty()) {
        let others = head.about.others.join("\", \"");
        warnings.push(format!(
            "only the sheet \"{sheet}\" was read, not \"{others}\""
        ));
    }
    if head.row > 1 {
        let row = head.row;
        warnings.push(format!(
            "the titles stand in row {row}; what is above is not read"
        ));
    }
    for (count, what) in [
        (facts.hidden_rows, "hidden rows were read as the others"),
        (
            facts.hidden_columns,
            "hidden columns were read as the others",
        ),
        (
            facts.merges,
            "merged cells reach over several rows; each of these has their value",
        ),
    ] {
        if count > 0 {
            warnings.push(format!("{count} {what}"));
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
