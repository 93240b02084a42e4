//! Reads what can be read of a damaged database: by whole pages where they are sound, else row by row.

use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::failure::is_damage;

/// What came into the new file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Rows that are in it.
    pub rows: usize,
    /// Times that something could not be read, a row or several.
    pub damaged: usize,
    /// Rows that were left out because what they belong to is not there.
    pub orphans: usize,
}

/// Rows that are read at a time.
const ROWS: usize = 256;

/// What became of the rows of a table.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    /// Rows that were read.
    pub(super) read: usize,
    /// Times that something could not be, a row or several.
    pub(super) damaged: usize,
}

/// Gives every row of a table with a rowid that can be read to `take`, in the order of the rowids, and passes over
/// what can't. Uses no index. An error of `take` counts as damage to that row.
pub(super) fn rows(
    db: &Connection,
    table: &str,
    columns: &str,
    mut take: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<Passed> {
    let sql = format!(
        "SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid >= ?1 ORDER BY rowid LIMIT ?2"
    );
    let (mut passed, mut from) = (Passed::default(), 0_i64);
    loop {
        let (mut last, mut count) = (None, 0);
        let batch = each(db, &sql, (from, ROWS), |row| {
            last = Some(row.get::<_, i64>(0)?);
            count += 1;
            match take(row) {
                Ok(()) => passed.read += 1,
                Err(error) if is_damage(&error) => passed.damaged += 1,
                Err(error) => return Err(error),
            }
            Ok(())
        });
        let next = last.map_or(Some(from), |last| last.checked_add(1));
        let Some(next) = next else { return Ok(passed) };
        match batch {
            Ok(()) if count < ROWS => return Ok(passed),
            Ok(()) => from = next,
            Err(error) if is_damage(&error) => {
                passed.damaged += 1;
                let Some(after) = after_damage(db, table, next)? else { return Ok(passed) };
                from = after;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The same for a table without rowids: from its beginning, and from its end, as far as that can be read. Rows may be
/// given twice.
pub(super) fn rows_from_both_ends(
    db: &Connection,
    table: &str,
    columns: &str,
    order: &str,
    mut take: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<Passed> {
    let mut passed = Passed::default();
    for direction in ["ASC", "DESC"] {
        let order: Vec<_> = order.split(", ").map(|by| format!("{by} {direction}")).collect();
        let sql =
            format!("SELECT {columns} FROM {table} NOT INDEXED ORDER BY {}", order.join(", "));
        let whole = each(db, &sql, (), |row| {
            match take(row) {
                Ok(()) => passed.read += 1,
                Err(error) if is_damage(&error) => passed.damaged += 1,
                Err(error) => return Err(error),
            }
            Ok(())
        });
        match whole {
            Ok(()) => break,
            Err(error) if is_damage(&error) => passed.damaged += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(passed)
}

fn each(
    db: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    mut take: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut select = db.prepare_cached(sql)?;
    let mut rows = select.query(values)?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

/// Where reading goes on after the row at or after `from` could not be read; `None`: nowhere.
fn after_damage(db: &Connection, table: &str, from: i64) -> Result<Option<i64>> {
    let sql =
        format!("SELECT rowid FROM {table} NOT INDEXED WHERE rowid >= ?1 ORDER BY rowid LIMIT 1");
    let next = |from: i64| db.prepare_cached(&sql)?.query_one([from], |row| row.get(0)).optional();
    let is_readable = |from: i64| match next(from) {
        Ok(_) => Ok(true),
        Err(error) if is_damage(&error) => Ok(false),
        Err(error) => Err(error),
    };
    if is_readable(from)? {
        // The page is sound, and what one row points to is not.
        let row: Option<i64> = next(from)?;
        return Ok(row.and_then(|row| row.checked_add(1)));
    }
    // The page is not: the next one that is begins with some greater rowid.
    let (mut unreadable, mut step) = (from, 1_i64);
    let mut readable = loop {
        let Some(further) = from.checked_add(step) else { return Ok(None) };
        if is_readable(further)? {
            break further;
        }
        unreadable = further;
        let Some(double) = step.checked_mul(2) else { return Ok(None) };
        step = double;
    };
    while readable - unreadable > 1 {
        let between = unreadable + (readable - unreadable) / 2;
        if is_readable(between)? {
            readable = between;
        } else {
            unreadable = between;
        }
    }
    Ok(Some(readable))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows from 1 to `last`, some to a page, in a file.
    fn table(last: i64) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL)")
            .unwrap();
        for id in 1..=last {
            let insert = "INSERT INTO words VALUES (?1, ?2)";
            db.execute(insert, (id, format!("word {id} {}", "x".repeat(200)))).unwrap();
        }
        (folder, path)
    }

    fn read(path: &std::path::Path) -> (Vec<i64>, Passed) {
        let db = Connection::open(path).unwrap();
        let mut ids = Vec::new();
        let passed = rows(&db, "words", "word", |row| {
            let word: String = row.get(1)?;
            assert!(word.starts_with("word "));
            ids.push(row.get(0)?);
            Ok(())
        });
        (ids, passed.unwrap())
    }

    #[test]
    fn a_sound_table_is_read_in_full() {
        let (_folder, path) = table(1_000);
        let (ids, passed) = read(&path);
        assert_eq!(ids, Vec::from_iter(1..=1_000));
        assert_eq!(passed, Passed { read: 1_000, damaged: 0 });
    }

    #[test]
    fn around_pages_that_are_damaged_everything_else_is_read() {
        let (_folder, path) = table(2_000);
        let mut file = std::fs::read(&path).unwrap();
        let pages = file.len() / 4_096;
        // Leaf pages of tables begin with 13; what they say of themselves is spoilt, in two that are neighbours
        // and in one elsewhere.
        let leaves: Vec<_> = (1..pages).filter(|page| file[page * 4_096] == 13).collect();
        for leaf in [leaves[3], leaves[4], leaves[20]] {
            file[leaf * 4_096] = 99;
        }
        std::fs::write(&path, file).unwrap();
        let (ids, passed) = read(&path);
        let most_on_a_page = 4_096 / 200;
        assert!(passed.damaged >= 2 && passed.read == ids.len(), "{passed:?}");
        assert!(ids.len() >= 2_000 - 3 * most_on_a_page, "{} are left", ids.len());
        assert!(ids.is_sorted() && ids.contains(&1) && ids.contains(&2_000));
    }
}
