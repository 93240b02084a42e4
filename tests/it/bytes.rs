//! Reads the notations that test files keep bytes in.

/// The bytes that a text holds in hexadecimal; blanks don't matter, and `xx*n` is n times the bytes xx.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let mut bytes = vec![];
    for word in text.split_whitespace() {
        let (digits, times) = word.split_once('*').unwrap_or((word, "1"));
        let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let once: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        bytes.extend(once.repeat(times.parse().unwrap()));
    }
    bytes
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that a text holds in base64.
pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| DIGITS.iter().position(|digit| *digit == letter).unwrap() as u32;
    let mut bytes = vec![];
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().fold(0, |bits, letter| bits << 6 | value(*letter));
        let bits = bits << (6 * (4 - group.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}

/// Bytes in base64.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |nth: usize| char::from(DIGITS[(bits >> (18 - 6 * nth) & 63) as usize]);
        text.extend((0..=group.len()).map(digit));
        text.extend((group.len()..3).map(|_| '='));
    }
    text
}

/// Appends lib0's varUint.
pub(crate) fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// The updates of a conversation: each after its length in four bytes, lowest first.
pub(crate) fn conversation(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut updates = vec![];
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (update, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        updates.push(update);
        bytes = rest;
    }
    updates
}

#[test]
fn notations_are_read_as_they_are_meant() {
    assert_eq!(from_hex("01 ab*2 ff"), [0x01, 0xab, 0xab, 0xff]);
    assert_eq!(from_base64("AWoB"), [1, 0x6a, 1]);
    assert_eq!(from_base64("AWo="), [1, 0x6a]);
    assert_eq!(to_base64(&[1, 0x6a]), "AWo=");
    assert_eq!(to_base64(&[1, 0x6a, 1]), "AWoB");
    assert_eq!(conversation(&[1, 0, 0, 0, 9]), [[9]]);
}
