//! Reads lib0's encoding (v1) out of bytes that a stranger sent: no step allocates, no count is believed.

use crate::crdt::limits::Refusal;

/// Client ids are integers that JavaScript can hold.
pub(super) const CLIENT_LIMIT: u64 = 1 << 53;
/// Clocks are 32 bits wide in yrs and wrap: stay far below.
pub(super) const CLOCK_LIMIT: u32 = 1 << 30;
/// How deep a plain value may nest.
const VALUE_DEPTH: u32 = 24;

/// The result of reading.
pub(super) type Read<T> = Result<T, Refusal>;

/// The name of one element: the client that made it, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id {
    pub(super) client: u64,
    pub(super) clock: u32,
}

/// Bytes, and how far they were read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

const CUT_OFF: Refusal = Refusal::Malformed("it ends too early");
const BAD_NUMBER: Refusal = Refusal::Malformed("a number is too large");

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// What was read between this state of the reader and a later one.
    pub(super) fn until(&self, later: &Self) -> &'a [u8] {
        self.bytes.get(..self.left() - later.left()).unwrap_or_default()
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        let (&first, rest) = self.bytes.split_first().ok_or(CUT_OFF)?;
        self.bytes = rest;
        Ok(first)
    }

    /// A varUint of at most 53 bits.
    pub(super) fn number(&mut self) -> Read<u64> {
        let mut number = 0;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return if number < CLIENT_LIMIT { Ok(number) } else { Err(BAD_NUMBER) };
            }
        }
        Err(BAD_NUMBER)
    }

    /// How many things follow that take at least `least` bytes each.
    pub(super) fn count(&mut self, least: usize) -> Read<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| BAD_NUMBER)?;
        if count > self.left() / least {
            return Err(Refusal::Malformed("it counts more than it holds"));
        }
        Ok(count)
    }

    pub(super) fn clock(&mut self) -> Read<u32> {
        match u32::try_from(self.number()?) {
            Ok(clock) if clock <= CLOCK_LIMIT => Ok(clock),
            Ok(_) | Err(_) => Err(Refusal::Malformed("a clock is too high")),
        }
    }

    /// A length of at least one that ends below the highest clock.
    pub(super) fn length(&mut self, start: u32) -> Read<u32> {
        let length = self.clock()?;
        if length == 0 {
            return Err(Refusal::Malformed("an empty element"));
        }
        if start + length > CLOCK_LIMIT {
            return Err(Refusal::Malformed("a clock is too high"));
        }
        Ok(length)
    }

    pub(super) fn id(&mut self) -> Read<Id> {
        Ok(Id { client: self.number()?, clock: self.clock()? })
    }

    pub(super) fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(CUT_OFF)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn buffer(&mut self) -> Read<&'a [u8]> {
        let length = self.count(1)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.buffer()?).map_err(|_| Refusal::Malformed("a text is not UTF-8"))
    }

    /// Steps over a plain value (lib0's `any`).
    pub(super) fn skip_value(&mut self) -> Read<()> {
        self.skip_value_at(0)
    }

    fn skip_value_at(&mut self, depth: u32) -> Read<()> {
        if depth > VALUE_DEPTH {
            return Err(Refusal::Malformed("a value nests too deep"));
        }
        match self.byte()? {
            120 | 121 | 126 | 127 => Ok(()),
            125 => self.skip_integer(),
            124 => self.take(4).map(drop),
            122 | 123 => self.take(8).map(drop),
            119 => self.text().map(drop),
            118 => self.skip_entries(depth),
            117 => (0..self.count(1)?).try_for_each(|_| self.skip_value_at(depth + 1)),
            116 => self.buffer().map(drop),
            _ => Err(Refusal::Malformed("a value of an unknown kind")),
        }
    }

    fn skip_entries(&mut self, depth: u32) -> Read<()> {
        for _ in 0..self.count(2)? {
            self.text()?;
            self.skip_value_at(depth + 1)?;
        }
        Ok(())
    }

    /// A signed varInt: yrs shifts it into 64 bits and panics beyond.
    fn skip_integer(&mut self) -> Read<()> {
        for _ in 0..9 {
            if self.byte()? < 0x80 {
                return Ok(());
            }
        }
        Err(BAD_NUMBER)
    }
}
