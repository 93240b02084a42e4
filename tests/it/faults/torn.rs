//! A log whose last record was torn: the machine went away while it was being written.

use std::{
    fs::{self, OpenOptions},
    io::Write,
};

use crate::{common::client::read, common::peer::content, scene::Scene};

/// Of SQLite's write-ahead log: its own header, and a frame of a page of 4 KiB.
const LOG_HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// What is left of the record that was being written, given the last whole one.
fn torn_records(last: &[u8]) -> [Vec<u8>; 4] {
    let mut spoiled = last.to_vec();
    spoiled[FRAME / 2] ^= 1;
    [last[..FRAME / 2].to_vec(), last[..7].to_vec(), vec![0; FRAME], spoiled]
}

#[tokio::test]
async fn a_torn_last_record_loses_nothing_that_was_acknowledged() {
    let mut scene = Scene::start().await;
    let trip = scene.person.trip("제주").await;
    let log = scene.data.join("moim.db-wal");
    let mut writer = scene.client(&trip).await;
    for torn in 0..4 {
        writer.peer.set_mark();
        writer.flush().await;
        writer.settles(&scene.program.base).await;
        scene.program.kill().await;
        writer.hear_out().await;
        let written = fs::read(&log).unwrap();
        let frames = (written.len() - LOG_HEADER) / FRAME;
        assert_eq!(written.len(), LOG_HEADER + frames * FRAME, "whole frames alone");
        let tail = &torn_records(&written[written.len() - FRAME..])[torn];
        OpenOptions::new().append(true).open(&log).unwrap().write_all(tail).unwrap();
        scene.start_again(&[]).await;
        let path = scene.person.sync_path(&trip).await;
        let stored = content(&read(&scene.program.base, &path).await);
        assert_eq!(stored, content(&writer.peer.doc), "after torn record {torn}");
    }
}
