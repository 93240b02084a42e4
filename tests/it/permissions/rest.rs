//! Every REST route: what it asks of a member, and whether it gets that and nothing less.

use moim::auth::Act;
use reqwest::Method;
use serde_json::Value;

use super::{
    Hindrance, Outcome, Standing, Who,
    scene::{Cast, Scene},
    verdict,
};
use crate::serving::{Answer, Person};

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing: it touches no plan.
    Anybody,
    /// A session: it touches nothing but the caller's own.
    Session,
    /// A member whose role permits this.
    Member(Act),
    /// A member, whatever the role.
    Leave,
    /// The token of an invitation.
    Link,
    /// The same, and a session.
    LinkAndSession,
}

impl Rule {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Anybody => "",
            Self::Session => "log in",
            Self::Member(act) => act.name(),
            Self::Leave => "be a member",
            Self::Link => "hold the link",
            Self::LinkAndSession => "hold the link, log in",
        }
    }
}

/// One thing that one can do by one route.
#[derive(Clone, Copy)]
pub(super) struct Door {
    pub(super) method: &'static str,
    /// As the OpenAPI document writes it, below `/api/v1`.
    pub(super) path: &'static str,
    /// What is done, where a route has more than one.
    what: &'static str,
    pub(super) rule: Rule,
    body: &'static str,
    /// Whether the plan is another one afterwards.
    changes: bool,
}

const fn reads(method: &'static str, path: &'static str, rule: Rule) -> Door {
    Door { method, path, what: "", rule, body: "{}", changes: false }
}

const fn changes(method: &'static str, path: &'static str, rule: Rule, body: &'static str) -> Door {
    Door { method, path, what: "", rule, body, changes: true }
}

const fn named(what: &'static str, door: Door) -> Door {
    Door { what, ..door }
}

/// By a link that was made after everything else had happened.
const NEWER: &str = "made since they were lowered or removed";

/// All of them. `{user}` is a bystander, for `Leave` who asks; `WHO` in a body is who asks.
pub(super) const DOORS: &[Door] = &[
    reads("POST", "/accounts", Rule::Anybody),
    reads("GET", "/accounts/me", Rule::Session),
    reads("PATCH", "/accounts/me", Rule::Session),
    reads("POST", "/sessions", Rule::Anybody),
    reads("POST", "/sessions/refresh", Rule::Anybody),
    reads("DELETE", "/sessions/current", Rule::Anybody),
    reads("POST", "/password-resets", Rule::Anybody),
    reads("GET", "/config", Rule::Anybody),
    reads("POST", "/events/tickets", Rule::Session),
    reads("GET", "/notices", Rule::Session),
    Door { body: r#"{"until": 1}"#, ..reads("POST", "/notices/read", Rule::Session) },
    reads("GET", "/trips", Rule::Session),
    Door { body: r#"{"title": "another"}"#, ..reads("POST", "/trips", Rule::Session) },
    reads("GET", "/trips/{id}", Rule::Member(Act::Read)),
    named(
        "rename",
        changes("PATCH", "/trips/{id}", Rule::Member(Act::Edit), r#"{"title": "by WHO"}"#),
    ),
    named(
        "archive",
        changes("PATCH", "/trips/{id}", Rule::Member(Act::Manage), r#"{"status": "archived"}"#),
    ),
    reads("GET", "/trips/{id}/projection", Rule::Member(Act::Read)),
    reads("GET", "/trips/{id}/members", Rule::Member(Act::Read)),
    named(
        "a role",
        changes(
            "PATCH",
            "/trips/{id}/members/{user}",
            Rule::Member(Act::Manage),
            r#"{"role": "commenter"}"#,
        ),
    ),
    named(
        "another",
        changes("DELETE", "/trips/{id}/members/{user}", Rule::Member(Act::Manage), "{}"),
    ),
    named("oneself", changes("DELETE", "/trips/{id}/members/{user}", Rule::Leave, "{}")),
    changes("POST", "/trips/{id}/invites", Rule::Member(Act::Invite), r#"{"role": "editor"}"#),
    reads("GET", "/trips/{id}/invites", Rule::Member(Act::Invite)),
    changes("DELETE", "/trips/{id}/invites/{invite}", Rule::Member(Act::Invite), "{}"),
    reads("GET", "/invites/{token}", Rule::Link),
    changes("POST", "/invites/{token}/accept", Rule::LinkAndSession, "{}"),
    named(NEWER, reads("GET", "/invites/{token}", Rule::Link)),
    named(NEWER, changes("POST", "/invites/{token}/accept", Rule::LinkAndSession, "{}")),
    reads("POST", "/documents/{id}/tickets", Rule::Member(Act::Read)),
    changes("POST", "/documents/{id}/versions", Rule::Member(Act::Save), r#"{"name": "by WHO"}"#),
    reads("GET", "/documents/{id}/versions", Rule::Member(Act::Read)),
    reads("GET", "/versions/{id}", Rule::Member(Act::Read)),
    changes("POST", "/documents/{id}/renewals", Rule::Member(Act::Renew), "{}"),
    changes("POST", "/versions/{id}/restore", Rule::Member(Act::Save), "{}"),
    reads("POST", "/versions/{id}/copy", Rule::Member(Act::Read)),
];

impl Door {
    pub(super) fn title(&self) -> String {
        let what = if self.what.is_empty() { String::new() } else { format!(": {}", self.what) };
        format!("`{} {}`{what}", self.method, self.path)
    }

    /// What comes of it; `None` where no plan is touched.
    pub(super) fn expected(&self, who: Who) -> Option<Outcome> {
        let standing = who.standing();
        let asks_for_session = !matches!(self.rule, Rule::Anybody | Rule::Link);
        if asks_for_session && matches!(standing, Standing::Unknown) {
            return Some(Outcome::Status(401));
        }
        Some(match (self.rule, standing) {
            (Rule::Anybody, _) => return None,
            // A token that is no good is refused even where none is needed.
            (Rule::Link, _) if who == Who::Expired => Outcome::Status(401),
            (Rule::Link | Rule::LinkAndSession, _) if who.is_in_trash() => Outcome::Status(410),
            // What an owner decided counts for more than a link of before.
            (Rule::Link | Rule::LinkAndSession, _) if who == Who::Removed && self.what != NEWER => {
                Outcome::Status(410)
            }
            (Rule::Member(_) | Rule::Leave, Standing::Unknown | Standing::Outside) => {
                Outcome::Status(404)
            }
            (Rule::Member(act), Standing::Inside(role)) => match verdict(role, who, act) {
                Ok(()) => Outcome::Done,
                Err(Hindrance::Role) => Outcome::Status(403),
                Err(Hindrance::Trash) => Outcome::Status(409),
            },
            (Rule::Session | Rule::Leave | Rule::Link | Rule::LinkAndSession, _) => Outcome::Done,
        })
    }

    /// Whether the plan is to be another one afterwards.
    fn is_to_change(&self, who: Who, outcome: Option<Outcome>) -> bool {
        // By a link for viewers only who is not in yet comes in.
        let is_news =
            self.rule != Rule::LinkAndSession || matches!(who.standing(), Standing::Outside);
        self.changes && is_news && outcome == Some(Outcome::Done)
    }

    async fn attempt(&self, scene: &Scene<'_>, who: Who, person: &Person) -> Answer {
        let plan = scene.plan(who);
        let id = if self.path.starts_with("/versions") { &plan.version } else { &plan.trip };
        let bystander = scene.cast.bystander();
        let link = if self.what == NEWER { &plan.newer } else { &plan.link };
        // Nobody has no id.
        let is_own = self.rule == Rule::Leave && !person.id.is_empty();
        let user = if is_own { &person.id } else { bystander };
        let path = self.path.replace("{id}", id).replace("{user}", user);
        let path = path.replace("{invite}", &plan.spare).replace("{token}", link);
        let body: Value =
            serde_json::from_str(&self.body.replace("WHO", &who.to_string())).unwrap();
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let request = person.request(method.clone(), &path);
        Answer::of(if method == Method::GET { request } else { request.json(&body) }).await
    }

    async fn check(&self, scene: &Scene<'_>, who: Who) {
        let (person, trip) = (scene.cast.person(who), &scene.plan(who).trip);
        let (attempt, expected) = (format!("{} by {who}", self.title()), self.expected(who));
        let before = scene.look(trip).await;
        let answer = self.attempt(scene, who, &person).await;
        let after = scene.look(trip).await;
        match expected {
            Some(Outcome::Done) => {
                assert!(answer.status.is_success(), "{attempt}: {}", answer.text);
            }
            Some(Outcome::Status(status)) => {
                assert_eq!(answer.status.as_u16(), status, "{attempt}: {}", answer.text);
            }
            Some(Outcome::Closed(_) | Outcome::Refused | Outcome::Ignored) => unreachable!(),
            None => assert!(!answer.status.is_server_error(), "{attempt}: {}", answer.text),
        }
        let changed = before != after;
        let expected = self.is_to_change(who, expected);
        assert_eq!(changed, expected, "{attempt}: {}: {before:?} {after:?}", answer.text);
        let may_know = matches!(who.standing(), Standing::Inside(_))
            || matches!(self.rule, Rule::Link | Rule::LinkAndSession)
            // Who was taken out is told so, by the name that they knew.
            || (self.path == "/notices" && who == Who::Removed);
        assert!(may_know || !answer.text.contains(trip), "{attempt} tells of it: {}", answer.text);
    }
}

#[tokio::test]
async fn no_rest_route_lets_anybody_do_what_their_role_does_not_permit() {
    let cast = Cast::gather().await;
    for door in DOORS {
        let scene = cast.scene().await;
        // Those who may the least first: what the others do is then still to be done.
        for who in Who::ALL.into_iter().rev() {
            door.check(&scene, who).await;
        }
    }
}
