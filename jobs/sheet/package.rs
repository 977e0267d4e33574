//! Which part of a workbook's package holds which sheet.

use std::{collections::BTreeMap, io::BufRead};

use quick_xml::{Reader, events::Event};

use super::damaged;
use crate::error::JobError;

/// A sheet's name and the id of the relation to its part, from `workbook.xml`.
pub fn sheets(xml: impl BufRead) -> Result<Vec<(String, String)>, JobError> {
    let mut sheets = Vec::new();
    each(xml, "sheet", |attributes| {
        if let (Some(name), Some(relation)) = (attributes.get("name"), attributes.get("id")) {
            sheets.push((name.clone(), relation.clone()));
        }
    })?;
    Ok(sheets)
}

/// Relation id to the part's name in the archive, in lower case.
pub fn relations(xml: impl BufRead) -> Result<BTreeMap<String, String>, JobError> {
    let mut relations = BTreeMap::new();
    each(xml, "Relationship", |attributes| {
        if let (Some(id), Some(target)) = (attributes.get("Id"), attributes.get("Target")) {
            let target = target.replace('\\', "/").to_ascii_lowercase();
            let path = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("xl/{target}"),
            };
            relations.insert(id.clone(), path);
        }
    })?;
    Ok(relations)
}

/// Hands over the attributes, by their names without prefix, of every element of this name.
fn each(
    xml: impl BufRead,
    element: &str,
    mut take: impl FnMut(BTreeMap<String, String>),
) -> Result<(), JobError> {
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == element => {
                let mut attributes = BTreeMap::new();
                for attribute in tag.attributes().flatten() {
                    let name = attribute.key.local_name().as_ref().to_owned();
                    let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
                    attributes.insert(name, value.map_err(damaged)?.into_owned());
                }
                take(attributes);
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
}
