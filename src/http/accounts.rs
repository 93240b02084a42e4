//! Accounts over REST: sign up, see and change one's own.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::Body,
    error::{ApiError, Problem},
    extract::{Session, Visitor},
};
use crate::{
    accounts::{AccountChange, SignUp},
    ids::UserId,
    mail,
    store::{Account, Language},
};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(sign_up)).routes(routes!(me, change_me))
}

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account)]
pub(crate) struct AccountView {
    #[schema(value_type = String)]
    id: UserId,
    mail: String,
    name: String,
    language: Language,
    /// `#rrggbb`, of the cursor, the ring and the avatar.
    color: String,
    created: Timestamp,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let Account { id, mail, name, language, color, created } = account;
        Self { id, mail: mail::shown(&mail), name, language, color, created }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewAccount {
    mail: String,
    /// 8 characters at least, 128 bytes at most.
    password: String,
    /// 1 to 40 characters.
    name: String,
    #[serde(default)]
    language: Language,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountPatch {
    name: Option<String>,
    language: Option<Language>,
    color: Option<String>,
}

/// Sign up, then log in. The answer is the same for a mail address that has an account already, which stays as it
/// is: whoever cannot log in afterwards has one with another password.
#[utoipa::path(
    post, path = "/accounts", tag = "accounts", security(()), request_body = NewAccount,
    responses(
        (status = 201, body = AccountView),
        (status = 422, description = "`invalid`, with the fields", body = Problem),
    )
)]
async fn sign_up(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    Body(new): Body<NewAccount>,
) -> Result<(StatusCode, Json<AccountView>), ApiError> {
    let attempt = app.limits.sign_up(address).await?;
    let NewAccount { mail, password, name, language } = new;
    let form = SignUp { mail, password, name, language };
    let account = app.accounts.sign_up(form, Timestamp::now()).await;
    if account.is_err() {
        app.limits.forget(attempt).await;
    }
    Ok((StatusCode::CREATED, Json(account?.into())))
}

/// Who I am.
#[utoipa::path(
    get, path = "/accounts/me", tag = "accounts",
    responses((status = 200, body = AccountView), (status = 401, body = Problem))
)]
async fn me(State(app): State<Arc<App>>, me: Session) -> Result<Json<AccountView>, ApiError> {
    Ok(Json(app.accounts.get(me.user).await?.into()))
}

/// Change my name, language or colour.
#[utoipa::path(
    patch, path = "/accounts/me", tag = "accounts", request_body = AccountPatch,
    responses((status = 200, body = AccountView), (status = 422, body = Problem))
)]
async fn change_me(
    State(app): State<Arc<App>>,
    me: Session,
    Body(patch): Body<AccountPatch>,
) -> Result<Json<AccountView>, ApiError> {
    let AccountPatch { name, language, color } = patch;
    let change = AccountChange { name, language, color };
    Ok(Json(app.accounts.change(me.user, change).await?.into()))
}
