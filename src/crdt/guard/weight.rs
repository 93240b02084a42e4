//! How much of an encoded document is content that is not deleted.

use std::collections::HashMap;

use super::{
    read::Read,
    update::{Delete, Struct, Update},
};

/// The bytes of what is not deleted: letters, values, keys, without the names of elements and neighbours.
pub(in crate::crdt) fn live_bytes(state: &[u8]) -> Read<usize> {
    let update = Update::parse(state)?;
    let of_one = update.deletes.chunk_by(|one, next| one.client == next.client);
    let deletes: HashMap<u64, &[Delete]> = of_one.map(|some| (some[0].client, some)).collect();
    let mut sum = 0;
    for section in &update.sections {
        let deletes = deletes.get(&section.client).copied().unwrap_or_default();
        let mut next = 0;
        for at in section.first..section.end {
            let one = update.read(*section, at)?;
            next += deletes[next..].partition_point(|delete| delete.end <= one.id.clock);
            let dead = deletes[next..].iter().take_while(|delete| delete.start < one.end());
            let dead: u32 = dead.map(|delete| overlap(delete, &one)).sum();
            sum += live_part(&one, dead);
        }
    }
    Ok(sum)
}

fn overlap(delete: &Delete, one: &Struct<'_>) -> u32 {
    delete.end.min(one.end()).saturating_sub(delete.start.max(one.id.clock))
}

/// The bytes of a struct of which so many elements are deleted.
fn live_part(one: &Struct<'_>, dead: u32) -> usize {
    let live = one.length.saturating_sub(dead) as usize;
    let whole = one.body.len() + one.key.map_or(0, str::len);
    whole * live / one.length as usize
}
