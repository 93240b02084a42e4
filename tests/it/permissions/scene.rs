//! A trip with everybody in front of it, and another one in the trash; and whether anything about them has changed.

use jiff::{SignedDuration, Timestamp};
use moim::{
    auth::{Keys, Ticket},
    ids::{FamilyId, Role},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Who;
use crate::{
    http::{join, new_trip},
    peers::Peer,
    serving::{Person, Serving},
    socket::{Socket, ticket},
};

const KEY: &str = "a-signing-key-that-the-test-knows-as-well-as-its-server";

/// The people, who are the same in every scene.
pub(super) struct Cast {
    pub(super) server: Serving,
    keys: Keys,
    pub(super) founder: Person,
    owner: Person,
    editor: Person,
    commenter: Person,
    viewer: Person,
    lowered: Person,
    removed: Person,
    stranger: Person,
    /// Whom others take out or give a role.
    bystander: Person,
}

/// What the people stand in front of.
pub(super) struct Scene<'a> {
    pub(super) cast: &'a Cast,
    pub(super) live: Plan,
    pub(super) trashed: Plan,
    /// Of the stranger.
    pub(super) other_trip: String,
    lowered_ticket: String,
    removed_ticket: String,
}

/// One of the two plans.
pub(super) struct Plan {
    pub(super) trip: String,
    pub(super) version: String,
    /// The token of a link for viewers.
    pub(super) link: String,
    /// An invitation that somebody may take back.
    pub(super) spare: String,
    /// The token of a link that was made last.
    pub(super) newer: String,
}

impl Cast {
    pub(super) async fn gather() -> Self {
        let flags = ["--token-key", KEY, "--requests-per-minute", "1000000", "--proxies", "1"];
        let server = Serving::start_with(&flags).await;
        let person = async |name: &str| server.person(name).await;
        Self {
            keys: Keys::new(&[KEY]).unwrap(),
            founder: person("founder").await,
            owner: person("owner").await,
            editor: person("editor").await,
            commenter: person("commenter").await,
            viewer: person("viewer").await,
            lowered: person("lowered").await,
            removed: person("removed").await,
            stranger: person("stranger").await,
            bystander: person("bystander").await,
            server,
        }
    }

    /// The person, with the access token that they have.
    pub(super) fn person(&self, who: Who) -> Person {
        match who {
            Who::Member(Role::Owner) | Who::Trashed(Role::Owner) => self.owner.clone(),
            Who::Member(Role::Editor) | Who::Trashed(Role::Editor) => self.editor.clone(),
            Who::Member(Role::Commenter) | Who::Trashed(Role::Commenter) => self.commenter.clone(),
            Who::Member(Role::Viewer) | Who::Trashed(Role::Viewer) => self.viewer.clone(),
            Who::Lowered => self.lowered.clone(),
            Who::Stranger => self.stranger.clone(),
            Who::Removed => self.removed.clone(),
            Who::Nobody => self.server.anybody(),
            Who::Expired => {
                let past = Timestamp::now() - SignedDuration::from_hours(1);
                let user = self.owner.id.parse().unwrap();
                let issued = self.keys.issue_access(user, FamilyId::new(), past).unwrap();
                let mut owner = self.owner.clone();
                owner.access = issued.token;
                owner
            }
        }
    }

    pub(super) fn bystander(&self) -> &str {
        &self.bystander.id
    }

    /// A ticket that says everything right, but has run out.
    pub(super) fn expired_ticket(&self, person: &Person, trip: &str) -> String {
        let ticket = Ticket {
            user: person.id.parse().unwrap(),
            name: "owner".to_owned(),
            color: "#336699".to_owned(),
            doc: trip.parse().unwrap(),
            epoch: 1,
            role: Role::Owner,
            expires: Timestamp::now() - SignedDuration::from_secs(1),
        };
        self.keys.issue_ticket(&ticket, Timestamp::now()).unwrap().token
    }

    async fn plan(&self, members: &[(&Person, &str)]) -> Plan {
        let trip = new_trip(&self.founder, "제주").await;
        for (person, role) in members {
            join(&self.founder, &trip, person, role).await;
        }
        self.set_role(&trip, &self.owner, "owner").await;
        let version = self.founder.post(&format!("/documents/{trip}/versions"), json!({})).await;
        let invite = async || {
            let path = format!("/trips/{trip}/invites");
            self.founder.post(&path, json!({"role": "viewer"})).await.expect(StatusCode::CREATED)
        };
        Plan {
            version: text(&version.expect(StatusCode::CREATED)["id"]),
            link: text(&invite().await["token"]),
            spare: text(&invite().await["id"]),
            newer: String::new(),
            trip,
        }
    }

    /// The token of an invitation that is made now.
    async fn newer(&self, trip: &str) -> String {
        let path = format!("/trips/{trip}/invites");
        let made = self.founder.post(&path, json!({"role": "viewer"})).await;
        text(&made.expect(StatusCode::CREATED)["token"])
    }

    async fn set_role(&self, trip: &str, person: &Person, role: &str) {
        let path = format!("/trips/{trip}/members/{}", person.id);
        self.founder.patch(&path, json!({"role": role})).await.expect(StatusCode::OK);
    }

    /// Everything set up anew, so that no attempt finds what another has changed.
    pub(super) async fn scene(&self) -> Scene<'_> {
        let everybody = [
            (&self.owner, "editor"),
            (&self.editor, "editor"),
            (&self.commenter, "commenter"),
            (&self.viewer, "viewer"),
            (&self.lowered, "editor"),
            (&self.removed, "editor"),
            (&self.bystander, "viewer"),
        ];
        let mut live = self.plan(&everybody).await;
        let lowered_ticket = ticket(&self.lowered, &live.trip).await;
        let removed_ticket = ticket(&self.removed, &live.trip).await;
        self.set_role(&live.trip, &self.lowered, "viewer").await;
        let path = format!("/trips/{}/members/{}", live.trip, self.removed.id);
        self.founder.delete(&path).await.expect(StatusCode::NO_CONTENT);
        let some = [(&self.owner, "editor"), (&self.editor, "editor"), (&self.bystander, "viewer")];
        live.newer = self.newer(&live.trip).await;
        let mut trashed = self.plan(&some).await;
        trashed.newer = self.newer(&trashed.trip).await;
        let path = format!("/trips/{}", trashed.trip);
        self.founder.patch(&path, json!({"status": "trashed"})).await.expect(StatusCode::OK);
        let other_trip = new_trip(&self.stranger, "부산").await;
        Scene { cast: self, live, trashed, other_trip, lowered_ticket, removed_ticket }
    }
}

impl Scene<'_> {
    /// What stands in front of this person.
    pub(super) fn plan(&self, who: Who) -> &Plan {
        if who.is_in_trash() { &self.trashed } else { &self.live }
    }

    /// The best ticket that this person can show.
    pub(super) async fn ticket(&self, who: Who) -> Option<String> {
        let person = self.cast.person(who);
        match who {
            Who::Member(_) | Who::Trashed(_) => Some(ticket(&person, &self.plan(who).trip).await),
            Who::Lowered => Some(self.lowered_ticket.clone()),
            Who::Stranger => Some(ticket(&person, &self.other_trip).await),
            Who::Removed => Some(self.removed_ticket.clone()),
            Who::Nobody => None,
            Who::Expired => Some(self.cast.expired_ticket(&person, &self.live.trip)),
        }
    }

    /// Everything that must not change, as the founder and the disk have it.
    pub(super) async fn look(&self, trip: &str) -> Seen {
        let founder = &self.cast.founder;
        let get = async |path: String| founder.get(&path).await.expect(StatusCode::OK);
        // The rest of it follows the document in its own time.
        let plan = get(format!("/trips/{trip}")).await;
        let mut witness = Socket::of(founder, trip).await;
        let replica = Peer::new(1);
        for update in witness.read().await.unwrap() {
            replica.receive(&update);
        }
        Seen {
            status: plan["status"].clone(),
            members: plan["members"].clone(),
            invites: get(format!("/trips/{trip}/invites")).await,
            versions: get(format!("/documents/{trip}/versions")).await,
            document: replica.diff(&[0]),
            journal: journal(&self.cast.server, trip),
        }
    }
}

/// A plan at one moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    status: Value,
    members: Value,
    invites: Value,
    versions: Value,
    document: Vec<u8>,
    /// The newest generation, and how many entries there are.
    journal: (i64, i64),
}

fn journal(server: &Serving, trip: &str) -> (i64, i64) {
    let database = rusqlite::Connection::open(server.data().join("moim.db")).unwrap();
    let entries = "SELECT generation, (SELECT count(*) FROM entries WHERE document = key) \
        FROM documents WHERE name = ?1";
    database.query_row(entries, [trip], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
