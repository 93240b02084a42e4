//! Members, roles and invitations: who may do what, and who comes in and goes out.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::trips::new_trip;
use crate::serving::{Person, Serving};

/// A trip with a member of each role.
struct Crew {
    server: Serving,
    trip: String,
    owner: Person,
    editor: Person,
    commenter: Person,
    viewer: Person,
    stranger: Person,
}

impl Crew {
    async fn gather() -> Self {
        let server = Serving::start().await;
        let owner = server.person("owner").await;
        let trip = new_trip(&owner, "제주").await;
        let mut joined = Vec::new();
        for role in ["editor", "commenter", "viewer"] {
            let person = server.person(role).await;
            join(&owner, &trip, &person, role).await;
            joined.push(person);
        }
        let [editor, commenter, viewer] = joined.try_into().ok().unwrap();
        let stranger = server.person("stranger").await;
        Self { server, trip, owner, editor, commenter, viewer, stranger }
    }
}

pub(super) async fn invite(owner: &Person, trip: &str, form: Value) -> Value {
    let made = owner.post(&format!("/trips/{trip}/invites"), form).await;
    made.expect(StatusCode::CREATED)
}

pub(super) fn accept_path(invite: &Value) -> String {
    format!("/invites/{}/accept", invite["token"].as_str().unwrap())
}

pub(crate) async fn join(owner: &Person, trip: &str, person: &Person, role: &str) {
    let invite = invite(owner, trip, json!({"role": role})).await;
    let trip = person.post(&accept_path(&invite), json!({})).await.expect(StatusCode::OK);
    assert_eq!(trip["role"], role);
}

async fn role_of(person: &Person, trip: &str) -> Value {
    person.get(&format!("/trips/{trip}")).await.expect(StatusCode::OK)["role"].clone()
}

#[tokio::test]
async fn members_are_listed_in_the_order_of_joining() {
    let crew = Crew::gather().await;
    let members = crew.viewer.get(&format!("/trips/{}/members", crew.trip)).await;
    let members = members.expect(StatusCode::OK);
    let roles: Vec<_> = members.as_array().unwrap().iter().map(|member| &member["role"]).collect();
    assert_eq!(roles, ["owner", "editor", "commenter", "viewer"]);
    assert_eq!(
        (&members[1]["user"], &members[1]["name"]),
        (&json!(crew.editor.id), &json!("editor"))
    );
    assert_eq!(members[0].get("mail"), None);
}

#[tokio::test]
async fn a_role_that_changes_counts_at_once() {
    let crew = Crew::gather().await;
    let path = format!("/trips/{}/members/{}", crew.trip, crew.editor.id);
    let changed = crew.owner.patch(&path, json!({"role": "viewer"})).await.expect(StatusCode::OK);
    assert_eq!(changed["role"], "viewer");
    let rename = crew.editor.patch(&format!("/trips/{}", crew.trip), json!({"title": "x"})).await;
    rename.refused(403, "role");
}

#[tokio::test]
async fn a_trip_keeps_an_owner() {
    let crew = Crew::gather().await;
    let path = |person: &Person| format!("/trips/{}/members/{}", crew.trip, person.id);
    let own = path(&crew.owner);
    crew.owner.patch(&own, json!({"role": "editor"})).await.refused(409, "last_owner");
    crew.owner.delete(&own).await.refused(409, "last_owner");
    let heir = crew.owner.patch(&path(&crew.editor), json!({"role": "owner"})).await;
    heir.expect(StatusCode::OK);
    crew.owner.delete(&own).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(role_of(&crew.editor, &crew.trip).await, "owner");
    crew.owner.get(&format!("/trips/{}", crew.trip)).await.refused(404, "not_found");
}

#[tokio::test]
async fn anybody_may_leave_and_only_owners_take_others_out() {
    let crew = Crew::gather().await;
    let path = |person: &Person| format!("/trips/{}/members/{}", crew.trip, person.id);
    crew.editor.delete(&path(&crew.viewer)).await.refused(403, "role");
    crew.viewer.delete(&path(&crew.viewer)).await.expect(StatusCode::NO_CONTENT);
    crew.owner.delete(&path(&crew.commenter)).await.expect(StatusCode::NO_CONTENT);
    for person in [&crew.viewer, &crew.commenter] {
        person.get(&format!("/trips/{}", crew.trip)).await.refused(404, "not_found");
    }
    crew.owner.delete(&path(&crew.viewer)).await.refused(404, "not_found");
    crew.owner
        .delete(&format!("/trips/{}/members/nobody", crew.trip))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn an_invitation_tells_where_it_leads_before_anybody_logs_in() {
    let crew = Crew::gather().await;
    let invite = invite(&crew.owner, &crew.trip, json!({"role": "editor"})).await;
    let path = invite["path"].as_str().unwrap().replace("/invite/", "/invites/");
    let seen = crew.server.anybody().get(&path).await.expect(StatusCode::OK);
    assert_eq!(seen["trip"], json!({"id": crew.trip, "title": "제주"}));
    assert_eq!(
        (&seen["role"], &seen["inviter"], &seen["member"]),
        (&json!("editor"), &json!("owner"), &json!(false))
    );
    assert_eq!(crew.viewer.get(&path).await.expect(StatusCode::OK)["member"], json!(true));
}

#[tokio::test]
async fn accepting_never_lowers_a_role_and_raises_one() {
    let crew = Crew::gather().await;
    let low = invite(&crew.owner, &crew.trip, json!({"role": "viewer"})).await;
    let high = invite(&crew.owner, &crew.trip, json!({"role": "editor"})).await;
    let accept = async |person: &Person, invite: &Value| {
        person.post(&accept_path(invite), json!({})).await.expect(StatusCode::OK)["role"].clone()
    };
    assert_eq!(accept(&crew.owner, &low).await, "owner");
    assert_eq!(accept(&crew.editor, &low).await, "editor");
    assert_eq!(accept(&crew.viewer, &high).await, "editor");
    assert_eq!(role_of(&crew.viewer, &crew.trip).await, "editor");
}

#[tokio::test]
async fn an_invitation_that_is_over_lets_nobody_in() {
    let crew = Crew::gather().await;
    let refused = async |invite: &Value| {
        crew.stranger.post(&accept_path(invite), json!({})).await.refused(410, "invite_over");
    };
    let revoked = invite(&crew.owner, &crew.trip, json!({"role": "viewer"})).await;
    let path = format!("/trips/{}/invites/{}", crew.trip, revoked["id"].as_str().unwrap());
    crew.owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
    crew.owner.delete(&path).await.refused(404, "not_found");
    refused(&revoked).await;
    let soon = Timestamp::now() + SignedDuration::from_millis(300);
    let short = invite(&crew.owner, &crew.trip, json!({"role": "viewer", "expires": soon})).await;
    while Timestamp::now() <= soon {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    refused(&short).await;
    crew.stranger.post("/invites/unknown/accept", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_was_taken_out_can_not_come_back_by_a_link_of_their_own() {
    let crew = Crew::gather().await;
    let path = format!("/trips/{}/members/{}", crew.trip, crew.editor.id);
    crew.owner.patch(&path, json!({"role": "owner"})).await.expect(StatusCode::OK);
    let kept = invite(&crew.editor, &crew.trip, json!({"role": "editor"})).await;
    crew.owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
    crew.editor.post(&accept_path(&kept), json!({})).await.refused(410, "invite_over");
}

/// What an owner decided counts for more than a link of before: for the one that was used, and for any other.
#[tokio::test]
async fn a_link_of_before_gives_back_nothing_that_an_owner_took() {
    let crew = Crew::gather().await;
    let link = invite(&crew.owner, &crew.trip, json!({"role": "editor"})).await;
    let path = |person: &Person| format!("/trips/{}/members/{}", crew.trip, person.id);
    let accept =
        async |person: &Person, link: &Value| person.post(&accept_path(link), json!({})).await;
    crew.owner.delete(&path(&crew.editor)).await.expect(StatusCode::NO_CONTENT);
    accept(&crew.editor, &link).await.refused(410, "invite_spent");
    let look = accept_path(&link).replace("/accept", "");
    crew.editor.get(&look).await.refused(410, "invite_spent");
    // For everybody else it is as good as before.
    crew.server.anybody().get(&look).await.expect(StatusCode::OK);
    accept(&crew.stranger, &link).await.expect(StatusCode::OK);
    let lowered = json!({"role": "viewer"});
    crew.owner.patch(&path(&crew.stranger), lowered).await.expect(StatusCode::OK);
    accept(&crew.stranger, &link).await.expect(StatusCode::OK);
    assert_eq!(role_of(&crew.stranger, &crew.trip).await, "viewer");
    // Whoever makes a new one means it.
    let newer = invite(&crew.owner, &crew.trip, json!({"role": "editor"})).await;
    for person in [&crew.editor, &crew.stranger] {
        accept(person, &newer).await.expect(StatusCode::OK);
        assert_eq!(role_of(person, &crew.trip).await, "editor");
    }
}

#[tokio::test]
async fn a_role_is_changed_from_the_one_that_the_owner_saw() {
    let crew = Crew::gather().await;
    let path = format!("/trips/{}/members/{}", crew.trip, crew.editor.id);
    let stale = json!({"role": "owner", "from": "viewer"});
    crew.owner.patch(&path, stale).await.refused(409, "role_changed");
    assert_eq!(role_of(&crew.editor, &crew.trip).await, "editor");
    let seen = json!({"role": "viewer", "from": "editor"});
    assert_eq!(crew.owner.patch(&path, seen).await.expect(StatusCode::OK)["role"], "viewer");
}

#[tokio::test]
async fn so_many_invitations_are_open_and_the_next_is_refused_with_what_helps() {
    let server = Serving::start_with(&["--open-invites", "2"]).await;
    let owner = server.person("owner").await;
    let trip = new_trip(&owner, "제주").await;
    let path = format!("/trips/{trip}/invites");
    let first = invite(&owner, &trip, json!({"role": "viewer"})).await;
    invite(&owner, &trip, json!({"role": "viewer"})).await;
    let refused =
        owner.post(&path, json!({"role": "viewer"})).await.refused(409, "too_many_invites");
    assert!(refused["detail"].as_str().unwrap().contains("take one back"));
    let taken_back = format!("{path}/{}", first["id"].as_str().unwrap());
    owner.delete(&taken_back).await.expect(StatusCode::NO_CONTENT);
    invite(&owner, &trip, json!({"role": "viewer"})).await;
}

#[tokio::test]
async fn an_invitation_is_within_bounds_and_its_token_is_told_once() {
    let crew = Crew::gather().await;
    let path = format!("/trips/{}/invites", crew.trip);
    let far = Timestamp::now() + SignedDuration::from_hours(91 * 24);
    let problem = crew.owner.post(&path, json!({"role": "viewer", "expires": far})).await;
    assert_eq!(problem.refused(422, "invalid")["errors"][0]["field"], "expires");
    let problem = crew.owner.post(&path, json!({"role": "owner"})).await;
    assert_eq!(problem.refused(422, "invalid")["errors"][0]["field"], "role");
    let made = invite(&crew.owner, &crew.trip, json!({"role": "viewer"})).await;
    let listed = crew.owner.get(&path).await;
    assert!(!listed.text.contains(made["token"].as_str().unwrap()));
    let listed = listed.expect(StatusCode::OK);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (4, &made["id"]));
}

#[tokio::test]
async fn guessing_invitations_is_held_back_and_told_as_a_limit() {
    let server = Serving::start_with(&["--invites-per-minute", "3"]).await;
    let (anybody, guesser) = (server.anybody(), server.person("guesser").await);
    anybody.get("/invites/guess-1").await.refused(404, "not_found");
    guesser.post("/invites/guess-2/accept", json!({})).await.refused(404, "not_found");
    anybody.get("/invites/guess-3").await.refused(404, "not_found");
    let held_back = guesser.post("/invites/guess-4/accept", json!({})).await;
    assert!(held_back.header("retry-after").parse::<u64>().unwrap() > 0);
    held_back.refused(429, "too_many");
    anybody.get("/invites/guess-5").await.refused(429, "too_many");
    guesser.get("/accounts/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn the_token_of_an_invitation_is_not_kept_even_for_a_repetition() {
    let crew = Crew::gather().await;
    let invite = async || {
        let path = format!("/trips/{}/invites", crew.trip);
        let request = crew.owner.request(reqwest::Method::POST, &path);
        let request = request.header("idempotency-key", "key-1").json(&json!({"role": "viewer"}));
        crate::serving::Answer::of(request).await.expect(StatusCode::CREATED)
    };
    let (one, other) = (invite().await, invite().await);
    assert_ne!(one["token"], other["token"]);
    let token = one["token"].as_str().unwrap();
    assert!(!crate::serving::any_file_contains(&crew.server.data(), token));
}
