//! lib0 variable-length integers: seven bits a byte, the lowest first, at most 53 bits in all.

use super::error::DecodeError;

/// JavaScript's `Number.MAX_SAFE_INTEGER`, beyond which lib0 itself gives up.
const MAX: u64 = (1 << 53) - 1;

/// Takes an integer off the front of `bytes`.
pub(super) fn read(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = bytes.get(index + 1..).unwrap_or_default();
            return if value <= MAX { Ok(value) } else { Err(DecodeError::Integer) };
        }
    }
    Err(if bytes.len() < 8 { DecodeError::Truncated } else { DecodeError::Integer })
}

/// Appends an integer.
pub(super) fn write(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number of bytes that `write` appends.
pub(super) const fn len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}
