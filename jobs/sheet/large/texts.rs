//! Texts by their numbers, however many: in blocks, of which some are in memory and the others in a file.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::super::{CELL_MAX, damaged};
use crate::error::JobError;

/// Of one block, bytes.
const BLOCK: usize = 64 * 1024;
/// Of all that are in memory, bytes.
const HELD: usize = 128 * 1024 * 1024;

/// Grows text by text, then answers which text has a number.
pub struct Texts {
    blocks: Vec<Slot>,
    /// The block that grows.
    last: Block,
    /// Texts in all blocks but the last.
    sealed: usize,
    /// Most bytes in memory, and how many are.
    held_max: usize,
    held: usize,
    /// Which block is looked at next when one has to go: the one that was not asked for since the last
    /// look.
    hand: usize,
    dir: PathBuf,
    file: Option<File>,
    end: u64,
}

struct Slot {
    /// Number of its first text.
    first: usize,
    block: Option<Block>,
    place: Option<Place>,
    is_wanted: bool,
}

/// Where a block is in the file.
#[derive(Clone, Copy)]
struct Place {
    at: u64,
    text: usize,
    ends: usize,
}

#[derive(Default)]
struct Block {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
}

impl Block {
    fn size(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<u32>()
    }

    fn get(&self, nth: usize) -> Option<&str> {
        let end = *self.ends.get(nth)? as usize;
        let start = match nth {
            0 => 0,
            _ => self.ends[nth - 1] as usize,
        };
        self.text.get(start..end)
    }
}

impl Texts {
    /// What has no room in memory goes into this directory.
    pub fn new(dir: &Path) -> Self {
        Self::with_room(dir, HELD)
    }

    fn with_room(dir: &Path, held_max: usize) -> Self {
        Self {
            blocks: Vec::new(),
            last: Block::default(),
            sealed: 0,
            held_max,
            held: 0,
            hand: 0,
            dir: dir.to_owned(),
            file: None,
            end: 0,
        }
    }

    /// Adds the next text, as much of it as a cell keeps.
    pub fn push(&mut self, text: &str) -> Result<(), JobError> {
        let end = match text.len() {
            0..=CELL_MAX => text.len(),
            _ => text
                .char_indices()
                .nth(CELL_MAX)
                .map_or(text.len(), |(end, _)| end),
        };
        if self.last.size() + end > BLOCK && !self.last.ends.is_empty() {
            self.seal()?;
        }
        self.last.text.push_str(&text[..end]);
        let end = u32::try_from(self.last.text.len()).map_err(damaged)?;
        self.last.ends.push(end);
        Ok(())
    }

    /// The text of this number; `None`: there are not so many.
    pub fn get(&mut self, number: usize) -> Result<Option<&str>, JobError> {
        if number >= self.sealed {
            return Ok(self.last.get(number - self.sealed));
        }
        let at = self.blocks.partition_point(|slot| slot.first <= number) - 1;
        self.blocks[at].is_wanted = true;
        if self.blocks[at].block.is_none() {
            let block = self.load(at)?;
            self.held += block.size();
            self.blocks[at].block = Some(block);
            self.make_room(at)?;
        }
        let slot = &self.blocks[at];
        Ok(slot
            .block
            .as_ref()
            .and_then(|block| block.get(number - slot.first)))
    }

    fn seal(&mut self) -> Result<(), JobError> {
        let mut block = std::mem::take(&mut self.last);
        block.text.shrink_to_fit();
        block.ends.shrink_to_fit();
        self.held += block.size();
        let first = self.sealed;
        self.sealed += block.ends.len();
        self.blocks.push(Slot {
            first,
            block: Some(block),
            place: None,
            is_wanted: false,
        });
        self.make_room(self.blocks.len() - 1)
    }

    /// Lets blocks go until the others have room; this one stays.
    fn make_room(&mut self, stays: usize) -> Result<(), JobError> {
        while self.held > self.held_max {
            let at = self.hand;
            self.hand = (self.hand + 1) % self.blocks.len();
            if self.blocks.len() == 1 {
                return Ok(());
            }
            if at == stays || std::mem::take(&mut self.blocks[at].is_wanted) {
                continue;
            }
            if let Some(block) = self.blocks[at].block.take() {
                self.held -= block.size();
                if self.blocks[at].place.is_none() {
                    self.blocks[at].place = Some(self.store(&block)?);
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, block: &Block) -> Result<Place, JobError> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(&self.dir)?),
        };
        let mut bytes = block.text.clone().into_bytes();
        bytes.extend(block.ends.iter().flat_map(|end| end.to_le_bytes()));
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(&bytes)?;
        let place = Place {
            at: self.end,
            text: block.text.len(),
            ends: block.ends.len(),
        };
        self.end += bytes.len() as u64;
        Ok(place)
    }

    fn load(&mut self, at: usize) -> Result<Block, JobError> {
        let lost = || damaged("a text was lost");
        let place = self.blocks[at].place.ok_or_else(lost)?;
        let file = self.file.as_mut().ok_or_else(lost)?;
        let mut text = vec![0; place.text];
        let mut ends = vec![0; place.ends * size_of::<u32>()];
        file.seek(SeekFrom::Start(place.at))?;
        file.read_exact(&mut text)?;
        file.read_exact(&mut ends)?;
        let ends = ends.as_chunks::<4>().0.iter();
        Ok(Block {
            text: String::from_utf8(text).map_err(damaged)?,
            ends: ends.map(|end| u32::from_le_bytes(*end)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(n: usize) -> String {
        match n % 5 {
            0 => String::new(),
            1 => format!("客户{n}"),
            _ => n.to_string().repeat(n % 7),
        }
    }

    #[test]
    fn every_text_is_found_in_any_order_with_room_for_few() {
        let dir = tempfile::tempdir().unwrap();
        let mut texts = Texts::with_room(dir.path(), 3 * BLOCK);
        let count = 200_000;
        for n in 0..count {
            texts.push(&text(n)).unwrap();
            assert!(texts.held <= 3 * BLOCK);
        }
        assert!(
            texts.blocks.len() > 10 && texts.end > 0,
            "most are in the file"
        );
        let orders: [fn(usize) -> usize; 3] = [|n| n, |n| 199_999 - n, |n| n * 7_919 % 200_000];
        for order in orders {
            for n in (0..count).step_by(37) {
                let number = order(n);
                assert_eq!(texts.get(number).unwrap(), Some(text(number).as_str()));
                assert!(texts.held <= 3 * BLOCK);
            }
        }
        assert_eq!(texts.get(count).unwrap(), None);
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "it has no name"
        );
    }

    #[test]
    fn few_texts_make_no_file_and_long_ones_are_cut() {
        let mut texts = Texts::new(Path::new("/nowhere"));
        texts.push("一").unwrap();
        texts.push(&"二".repeat(CELL_MAX + 1)).unwrap();
        texts.push("").unwrap();
        assert_eq!(texts.get(0).unwrap(), Some("一"));
        let long = texts.get(1).unwrap().unwrap();
        assert_eq!(long.chars().count(), CELL_MAX);
        assert_eq!(texts.get(2).unwrap(), Some(""));
        assert_eq!(texts.get(3).unwrap(), None);
        assert!(texts.file.is_none());
    }
}
