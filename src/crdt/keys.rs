//! Order keys: texts that stand in the order of a list, of which there is always one between two others.
//!
//! The scheme is fractional indexing's: the first letter says how many base-62 digits the integer part has
//! (`a` one, `b` two …), what follows them is a fraction.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The n-th integer key, from 0: `a0` to `az`, then `b00`. The same for everybody.
pub(super) fn nth(n: usize) -> String {
    let mut rest = n;
    let mut length = 1;
    let mut size = DIGITS.len();
    while rest >= size {
        rest -= size;
        size = size.saturating_mul(DIGITS.len());
        length += 1;
    }
    let mut digits: Vec<u8> = vec![];
    for _ in 0..length {
        digits.push(DIGITS[rest % DIGITS.len()]);
        rest /= DIGITS.len();
    }
    let head = (b'a'..=b'z').nth(length - 1).unwrap_or(b'z');
    std::iter::once(head).chain(digits.into_iter().rev()).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_keys_are_those_of_fractional_indexing() {
        assert_eq!(nth(0), "a0");
        assert_eq!(nth(61), "az");
        assert_eq!(nth(62), "b00");
        assert_eq!(nth(62 + 62 * 62), "c000");
    }

    #[test]
    fn integer_keys_stand_in_their_order() {
        let keys: Vec<_> = (0..5_000).map(nth).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
