//! The codec: frames of stock clients, every message there and back, and bytes that mean nothing.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn decoded(frame: &[u8]) -> Result<Vec<Message>, DecodeError> {
    messages(Bytes::copy_from_slice(frame)).collect()
}

/// W1
#[test]
fn a_frame_may_hold_several_messages_and_all_are_read() {
    let frame = [&step1(&[0])[..], &update(b"one"), &awareness(b"two"), &ask_awareness(), &probe()]
        .concat();
    let expected = vec![
        Message::Step1(Bytes::from_static(&[0])),
        Message::Update(Bytes::from_static(b"one")),
        Message::Awareness(Bytes::from_static(b"two")),
        Message::AskAwareness,
        Message::Probe,
    ];
    assert_eq!(decoded(&frame), Ok(expected));
}

#[test]
fn large_payloads_are_slices_of_the_frame_and_small_ones_keep_nothing_of_it() {
    let read = |length: usize| {
        let frame = update(&vec![7; length]);
        let Some(Ok(Message::Update(payload))) = messages(frame.clone()).next() else {
            panic!("no update");
        };
        assert_eq!(payload.len(), length);
        payload.as_ptr() == frame[frame.len() - length..].as_ptr()
    };
    assert!(read(100_000) && !read(1_000));
}

#[test]
fn a_frame_that_ends_early_is_an_error_wherever_it_ends() {
    let frame = update(&[7; 200]);
    for end in 1..frame.len() {
        assert_eq!(decoded(&frame[..end]), Err(DecodeError::Truncated), "cut at {end}");
    }
}

#[test]
fn a_count_never_reserves_memory() {
    // 4 GiB announced, nothing there.
    assert_eq!(decoded(&[0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(DecodeError::Truncated));
    assert_eq!(decoded(&[0xff; 16]), Err(DecodeError::Integer));
    assert_eq!(decoded(&[9]), Err(DecodeError::Unknown));
}

#[test]
fn acknowledgements_have_the_bytes_that_the_protocol_says() {
    assert_eq!(&stored(300)[..], [100, 0xac, 0x02]);
    assert_eq!(&refused(2, RefusedStatus::Missing, "x")[..], [101, 2, 6, 1, b'x']);
    assert_eq!(&denied("read-only")[..3], [2, 0, 9]);
    assert_eq!(&probe()[..], [102]);
}

/// W9
#[test]
fn who_gets_a_44xx_code_stays_away() {
    let away: Vec<u16> =
        CloseCode::ALL.iter().filter(|code| !code.comes_back()).map(|code| code.code()).collect();
    assert_eq!(away, [4400, 4401, 4403, 4404, 4409, 4413, 4429]);
}

proptest! {
    #[test]
    fn integers_survive_the_way_there_and_back(value in 0_u64..(1 << 53)) {
        let mut bytes = Vec::new();
        varint::write(value, &mut bytes);
        prop_assert_eq!(bytes.len(), varint::len(value));
        let mut rest = &bytes[..];
        prop_assert_eq!(varint::read(&mut rest), Ok(value));
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_or_hang(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
        let read = messages(Bytes::from(frame.clone())).count();
        prop_assert!(read <= frame.len());
    }
}
