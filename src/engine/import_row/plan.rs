//! Which column of a file fills which field, and the row that is read so.

use super::{
    BadHeader, Cell, Choices, NewLead, OfField, RowReject, Values, choices,
    header::{REJECT_TITLES, check_width, letters},
    told::{Tally, Told},
    value::{Bad, Rule},
    values::{self, Code},
};
use crate::{
    dictionary::Dictionary,
    field::{self, Check, Field, LostZero},
    mapping::{self, Column, Reason},
    phone,
};

/// What a file is read with.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Every field of the batch.
    pub fields: &'a [Field],
    /// Those that the fields name.
    pub dictionaries: &'a [Dictionary],
    /// What the uploader says of values that stand in columns of choices.
    pub choices: &'a Choices,
    /// The sheet counts its days from 1904.
    pub is_1904: bool,
    /// Rows may become leads, not only change some: no column that must be filled may be missing.
    pub adds_leads: bool,
}

/// Which column of a file fills which field.
#[derive(Debug, Clone)]
pub struct Plan {
    columns: Vec<Source>,
    /// Indexes into `columns`, by the fields' codes.
    by_code: Vec<(usize, Code)>,
    /// Indexes into `columns`, in dialling order.
    phones: Vec<usize>,
    key: Option<usize>,
    is_1904: bool,
    /// What the operator should know about the header.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone)]
struct Source {
    at: usize,
    /// As the file has it.
    title: String,
    field: Field,
    dictionary: Option<Dictionary>,
    choices: OfField,
}

impl Plan {
    /// Matches a file's header with the batch's fields by title (OUT-076).
    ///
    /// # Errors
    /// As [`Plan::over`].
    pub fn of(header: &[String], fields: &[Field]) -> Result<Self, BadHeader> {
        let ask = Ask {
            fields,
            dictionaries: &[],
            choices: &Choices::new(),
            is_1904: false,
            adds_leads: false,
        };
        let columns = mapping::suggest(header, &[], fields, &mapping::Known::default());
        Self::over(&columns, &ask)
    }

    /// Reads the columns whose mapping applies.
    ///
    /// # Errors
    /// When no column holds a phone number, the key column or a dictionary is missing, or there are
    /// too many columns.
    pub fn over(mapped: &[Column], ask: &Ask<'_>) -> Result<Self, BadHeader> {
        let header: Vec<String> = mapped.iter().map(|column| column.title.clone()).collect();
        check_width(&header)?;
        let mut columns = Vec::new();
        for column in mapped {
            let code = column.applied();
            let field = ask.fields.iter().find(|f| code == Some(f.code.as_str()));
            if let Some(field) = field {
                columns.push(source(column, field, ask)?);
            }
        }
        let fields: Vec<Field> = columns.iter().map(|source| source.field.clone()).collect();
        let phones = field::phones(&fields);
        if phones.is_empty() {
            return Err(no_phone(mapped, ask.fields));
        }
        let key = columns.iter().position(|source| source.field.is_key);
        if let (None, Some(missing)) = (key, ask.fields.iter().find(|field| field.is_key)) {
            return Err(BadHeader {
                code: "KEY_COLUMN_MISSING",
                message: format!(
                    "the file has no column \"{}\", which is the key",
                    missing.title
                ),
            });
        }
        let is_missing = |field: &&Field| {
            let there = columns.iter().any(|source| source.field.code == field.code);
            field.is_imported() && field.has(Check::NotEmpty) && !there
        };
        if let (true, Some(missing)) = (ask.adds_leads, ask.fields.iter().find(is_missing)) {
            return Err(BadHeader {
                code: "REQUIRED_COLUMN_MISSING",
                message: format!(
                    "the file has no column \"{}\", which must not be empty; only an update may leave it out",
                    missing.title
                ),
            });
        }
        Ok(Self {
            warnings: warnings(mapped, &columns),
            by_code: by_code(&columns),
            columns,
            phones,
            key,
            is_1904: ask.is_1904,
        })
    }

    /// Whether a row holds nothing in any known column; such a row is no row.
    #[must_use]
    pub fn is_blank(&self, cells: &[Cell]) -> bool {
        self.columns
            .iter()
            .all(|source| cells.get(source.at).is_none_or(Cell::is_blank))
    }

    /// Reads one row.
    ///
    /// # Errors
    /// The first column, from the left, that keeps the row from being a lead.
    pub fn read(&self, cells: &[Cell]) -> Result<NewLead, RowReject> {
        self.read_telling(cells, &mut Tally::default())
    }

    /// Reads one row, and notes what the uploader should know about it.
    ///
    /// # Errors
    /// The first column, from the left, that keeps the row from being a lead.
    pub fn read_telling(&self, cells: &[Cell], tally: &mut Tally) -> Result<NewLead, RowReject> {
        let mut texts: Vec<Option<String>> = Vec::with_capacity(self.columns.len());
        let mut dialled: Vec<(usize, phone::Numbers)> = Vec::with_capacity(self.phones.len());
        for (nth, source) in self.columns.iter().enumerate() {
            let cell = cells.get(source.at).unwrap_or(&Cell::Empty);
            let field = &source.field;
            let text = if field.is_phone {
                let found = source.numbers(cell, tally)?;
                let text = found.as_ref().map(joined);
                dialled.extend(found.map(|found| (nth, found)));
                text
            } else {
                source.value(cell, self.is_1904, tally)?
            };
            if text.is_none() && (field.has(Check::NotEmpty) || field.is_key) {
                return Err(source.reject(("EMPTY", "a value is required".into())));
            }
            texts.push(text);
        }
        if self.phones.len() > 1 {
            let rank = |nth: usize| self.phones.iter().position(|&other| other == nth);
            dialled.sort_by_key(|(nth, _)| rank(*nth));
        }
        self.lead(dialled, &texts)
    }

    fn lead(
        &self,
        dialled: Vec<(usize, phone::Numbers)>,
        texts: &[Option<String>],
    ) -> Result<NewLead, RowReject> {
        let mut phones: Vec<String> = Vec::with_capacity(dialled.len());
        let mut first = None;
        for (_, found) in dialled {
            let number = found.first.number.clone();
            for number in std::iter::once(number).chain(found.others) {
                if !phones.contains(&number) {
                    phones.push(number);
                }
            }
            first.get_or_insert(found.first);
        }
        let Some(phone) = first else {
            let why = phone::BadPhone::Empty;
            let source = &self.columns[self.phones[0]];
            return Err(source.reject((why.code(), why.to_string().into())));
        };
        let key = self.key.and_then(|nth| texts[nth].as_ref());
        let key_value = key.unwrap_or(&phone.number).clone();
        Ok(NewLead {
            phone: phone.number,
            phone_raw: phone.raw,
            phones,
            key_value,
            data: self.values(texts),
        })
    }

    fn values(&self, texts: &[Option<String>]) -> Values {
        let filled = self.by_code.iter().filter_map(|(nth, code)| {
            let text = texts[*nth].as_deref()?;
            Some((code, text))
        });
        let length = texts.iter().flatten().map(|text| text.len() + 24).sum();
        values::write(filled, length)
    }

    /// What the uploader should know about the rows, one sentence each.
    #[must_use]
    pub fn told(&self, tally: &Tally) -> Vec<String> {
        tally.sentences(|at| {
            let source = self.columns.iter().find(|source| source.at == at);
            source.map_or_else(|| letters(at), |source| source.title.clone())
        })
    }
}

impl Source {
    fn numbers(&self, cell: &Cell, tally: &mut Tally) -> Result<Option<phone::Numbers>, RowReject> {
        if let Cell::Error(name) = cell {
            let reason = format!("the cell's formula ended in {name}");
            return Err(self.reject(("CELL_ERROR", reason.into())));
        }
        match phone::numbers(cell, self.field.lost_zero) {
            Ok(found) => {
                if found.left_out {
                    tally.tell(self.at, Told::NumberLeftOut);
                }
                match self.field.lost_zero {
                    _ if !found.zero => {}
                    LostZero::Restore => tally.tell(self.at, Told::ZeroRestored),
                    LostZero::Refuse | LostZero::Keep => tally.tell(self.at, Told::ZeroMissing),
                }
                Ok(Some(found))
            }
            Err(phone::BadPhone::Empty) => Ok(None),
            Err(why) => Err(self.reject((why.code(), why.to_string().into()))),
        }
    }

    fn value(
        &self,
        cell: &Cell,
        is_1904: bool,
        tally: &mut Tally,
    ) -> Result<Option<String>, RowReject> {
        let rule = Rule {
            field: &self.field,
            dictionary: self.dictionary.as_ref(),
            choices: Some(&self.choices).filter(|choices| !choices.is_empty()),
            is_1904,
        };
        match rule.read(cell) {
            Ok(None) => Ok(None),
            Ok(Some((text, told))) => {
                if let Some(told) = told {
                    tally.tell(self.at, told);
                }
                Ok(Some(text))
            }
            Err(bad) => Err(self.reject(bad)),
        }
    }

    fn reject(&self, (code, reason): Bad) -> RowReject {
        RowReject {
            column: self.title.clone(),
            code,
            reason: reason.into_owned(),
        }
    }
}

fn by_code(columns: &[Source]) -> Vec<(usize, Code)> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_unstable_by_key(|&nth| &columns[nth].field.code);
    let of = |nth: usize| (nth, Code::of(&columns[nth].field.code));
    order.into_iter().map(of).collect()
}

fn source(column: &Column, field: &Field, ask: &Ask<'_>) -> Result<Source, BadHeader> {
    let dictionary = match &field.dictionary {
        None => None,
        Some(id) => match ask.dictionaries.iter().find(|one| one.id == *id) {
            Some(dictionary) => Some(dictionary.clone()),
            None => {
                let title = &field.title;
                return Err(BadHeader {
                    code: "DICTIONARY_MISSING",
                    message: format!("the dictionary of the field \"{title}\" does not exist"),
                });
            }
        },
    };
    let choices = ask.choices.get(&field.code).cloned().unwrap_or_default();
    let trouble = dictionary
        .as_ref()
        .and_then(|one| choices::trouble(one, &choices));
    if let Some(trouble) = trouble {
        return Err(BadHeader {
            code: "CHOICE_UNKNOWN",
            message: format!("{}: {trouble}", field.title),
        });
    }
    Ok(Source {
        choices,
        at: column.at,
        title: column.name(),
        field: field.clone(),
        dictionary,
    })
}

/// All numbers of a cell.
fn joined(found: &phone::Numbers) -> String {
    let mut text = found.first.number.clone();
    for other in &found.others {
        text.push(',');
        text.push_str(other);
    }
    text
}

fn no_phone(mapped: &[Column], fields: &[Field]) -> BadHeader {
    let phone = |code: &str| {
        fields
            .iter()
            .any(|field| field.is_phone && field.code == code)
    };
    let likely = mapped
        .iter()
        .find(|column| column.field.as_deref().is_some_and(phone));
    let hint = likely.map_or_else(String::new, |column| {
        let why = column.reason.words();
        format!(
            "; column \"{}\" may be it ({why}): confirm its mapping",
            column.name()
        )
    });
    BadHeader {
        code: "PHONE_COLUMN_MISSING",
        message: format!("the file has no column with the title of a phone field{hint}"),
    }
}

fn warnings(mapped: &[Column], columns: &[Source]) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    for column in mapped {
        let name = column.name();
        warnings.push(match &column.reason {
            Reason::Unnamed => continue,
            _ if REJECT_TITLES.contains(&column.title.as_str()) => continue,
            Reason::Ignored => format!("column \"{name}\" is ignored, as asked"),
            Reason::NotImported => format!("column \"{name}\" is not imported"),
            Reason::Repeats => {
                let letters = column.letters();
                format!("column {letters} \"{name}\" repeats an earlier column, ignored")
            }
            Reason::Unknown => format!("column \"{name}\" is unknown, ignored"),
            reason if !column.applies => {
                let why = reason.words();
                format!("column \"{name}\" is ignored until its mapping is confirmed: {why}")
            }
            _ => continue,
        });
    }
    for source in columns.iter().filter(|source| source.dictionary.is_some()) {
        if !source.field.replace {
            let title = &source.title;
            warnings.push(format!(
                "column \"{title}\": codes and labels of its dictionary are kept as they are written"
            ));
        }
    }
    warnings
}
