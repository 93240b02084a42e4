//! Who may do what, for every pair: each act on each way in, tried on a real server by everybody there may be.
//!
//! What is expected comes from `auth::permits` and from who is a member; the same expectation prints
//! `docs/PERMISSIONS.md`. With `MOIM_BLESS=1` the file is written anew.

use std::{collections::BTreeSet, fmt, path::Path};

use moim::{
    auth::{Act, permits},
    ids::Role,
};
use reqwest::StatusCode;

use crate::serving::Serving;

mod rest;
mod scene;
mod wire;

/// Somebody in front of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Member(Role),
    /// An editor when the ticket was made, a viewer by now.
    Lowered,
    /// A member of a plan that lies in the trash.
    Trashed(Role),
    /// A member of another plan.
    Stranger,
    /// A member when the ticket was made, and no longer.
    Removed,
    /// Not logged in, and without a ticket.
    Nobody,
    /// An owner whose access token and ticket have run out.
    Expired,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// Refused over HTTP with this status.
    Status(u16),
    /// The socket is closed with this code.
    Closed(u16),
    /// Refused on the socket, which stays open.
    Refused,
    /// Passed over.
    Ignored,
}

/// What a person is to the plan, as far as the server can know.
enum Standing {
    /// Somebody without a session or a ticket.
    Unknown,
    Outside,
    Inside(Role),
}

impl Who {
    /// From the mightiest to nobody.
    const ALL: [Self; 11] = [
        Self::Member(Role::Owner),
        Self::Member(Role::Editor),
        Self::Member(Role::Commenter),
        Self::Member(Role::Viewer),
        Self::Lowered,
        Self::Trashed(Role::Owner),
        Self::Trashed(Role::Editor),
        Self::Stranger,
        Self::Removed,
        Self::Nobody,
        Self::Expired,
    ];

    fn standing(self) -> Standing {
        match self {
            Self::Member(role) | Self::Trashed(role) => Standing::Inside(role),
            Self::Lowered => Standing::Inside(Role::Viewer),
            Self::Stranger | Self::Removed => Standing::Outside,
            Self::Nobody | Self::Expired => Standing::Unknown,
        }
    }

    fn is_in_trash(self) -> bool {
        matches!(self, Self::Trashed(_))
    }
}

impl fmt::Display for Who {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(role) => out.write_str(role.name()),
            Self::Lowered => out.write_str("lowered to viewer"),
            Self::Trashed(role) => write!(out, "{}, in the trash", role.name()),
            Self::Stranger => out.write_str("member of another trip"),
            Self::Removed => out.write_str("removed member"),
            Self::Nobody => out.write_str("nobody logged in"),
            Self::Expired => out.write_str("owner, expired token"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => out.write_str("**yes**"),
            Self::Status(code) | Self::Closed(code) => write!(out, "{code}"),
            Self::Refused => out.write_str("refused"),
            Self::Ignored => out.write_str("ignored"),
        }
    }
}

/// How a member's act ends, apart from the way it takes: `Err` says whether the role or the trash is in its way.
fn verdict(role: Role, who: Who, act: Act) -> Result<(), Hindrance> {
    if !permits(role, act) {
        Err(Hindrance::Role)
    } else if who.is_in_trash() && !act.goes_on_in_trash() {
        Err(Hindrance::Trash)
    } else {
        Ok(())
    }
}

enum Hindrance {
    Role,
    Trash,
}

/// The whole table, as people read it.
fn printed() -> String {
    let mut text = String::from(HEAD);
    text.push_str("\n## Roles\n\n| act |");
    let strongest_first = || Role::ALL.into_iter().rev();
    text.extend(strongest_first().map(|role| format!(" {} |", role.name())));
    text.push_str(" in the trash |\n|---|---|---|---|---|---|\n");
    for act in Act::ALL {
        let mark = |holds| if holds { " **yes** |" } else { " |" };
        text.push_str(&format!("| {} |", act.name()));
        text.extend(strongest_first().map(|role| mark(permits(role, act))));
        text.push_str(mark(act.goes_on_in_trash()));
        text.push('\n');
    }
    text.push_str("\n## On the socket\n\n");
    text.push_str(&heading("a client's message", "act"));
    for saying in wire::Saying::ALL {
        let outcomes = Who::ALL.map(|who| saying.expected(who).to_string());
        text.push_str(&row(saying.name(), saying.needs().map_or("", Act::name), &outcomes));
    }
    text.push_str("\n## Over REST\n\n");
    text.push_str(&heading("request", "act"));
    for door in rest::DOORS {
        let outcomes =
            Who::ALL.map(|who| door.expected(who).map_or_else(String::new, |o| o.to_string()));
        text.push_str(&row(&door.title(), door.rule.name(), &outcomes));
    }
    text
}

const HEAD: &str = "# Who may do what

Generated from `src/auth/permits.rs` by `tests/it/permissions/`, which tries every cell on a real server and checks that the document,
its journal, its versions, members and invitations are unchanged wherever it does not say yes. `MOIM_BLESS=1 cargo test --test it permissions` writes this file anew.

Numbers are HTTP statuses (401 log in, 403 the role does not go so far, 404 strangers can't tell a trip from none, 409 it lies in the
trash, 410 the invitation is over, or an owner took the person out after it was made) and, on the socket, close codes (4401 get a ticket, 4403 forbidden). An empty cell: the request touches no trip.

## Invitations and what owners decide

A link can be used by many people and again by the same, and travels. So what an owner decides about a person counts for more than every
invitation that was made before, whether they used it or not: whom an owner took out comes in by none of them (410 `invite_spent`), and whose role an
owner set is given no more than that role by any of them, also after leaving by themselves. An invitation that is made afterwards is as good for them as for
anybody: whoever hands it out means it. Accepting never lowers a role. An invitation ends with its time, its revocation, its maker's right to invite, and while the trip is in
the trash. Whether somebody may do something is asked in the very step that does it, also before an answer is given again that was kept under an `Idempotency-Key`.
A trip keeps at least one owner, whatever its owners do at the same time.
";

fn heading(what: &str, act: &str) -> String {
    let who: String = Who::ALL.iter().map(|who| format!(" {who} |")).collect();
    format!("| {what} | {act} |{who}\n|{}\n", "---|".repeat(2 + Who::ALL.len()))
}

fn row(what: &str, act: &str, outcomes: &[String]) -> String {
    format!("| {what} | {act} | {} |\n", outcomes.join(" | "))
}

#[test]
fn the_printed_table_is_the_one_that_is_tested() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERMISSIONS.md");
    if std::env::var_os("MOIM_BLESS").is_some() {
        std::fs::write(&path, printed()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == printed(), "run it with MOIM_BLESS=1, and look at what has changed");
}

#[tokio::test]
async fn every_rest_route_takes_a_stand() {
    let server = Serving::start().await;
    let description = server.anybody().get("!/api/openapi.json").await.expect(StatusCode::OK);
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        for method in methods.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let here: BTreeSet<_> =
        rest::DOORS.iter().map(|door| format!("{} {}", door.method, door.path)).collect();
    assert_eq!(here, described, "a route is missing in DOORS, or gone");
}
